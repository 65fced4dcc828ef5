// Convolutions whose algorithm is measured: whatever was found, the results are right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "backend/op_checks.h"
#include "base/file.h"
#include "base/temporary_folder.h"

namespace orthrus::testing {
namespace {

class MeasuredConvolution : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto plain = make_cpu_backend();
    const KernelRequest request =
        make_request(shaped_, plain->dtype(), {true, all_gradients(case_.op)});
    Refusal refusal;
    const KernelCandidate& winograd = plain->candidates(case_.op)[2];
    ASSERT_EQ(winograd.name, "winograd");
    if (winograd.make(*plain, request, refusal) == nullptr) {
      GTEST_SKIP() << "no Winograd convolutions: " << refusal;
    }
  }
  std::shared_ptr<Backend> backend() {
    return make_cpu_backend({.autotune = true, .cache = folder_.path()});
  }
  // The kernel of the first candidate, and what it is called.
  std::unique_ptr<Kernel> make(Backend& backend, const Mode& mode) {
    const KernelRequest request = make_request(shaped_, backend.dtype(), mode);
    Refusal refusal;
    const KernelCandidate& first = backend.candidates(case_.op).front();
    EXPECT_EQ(first.name, "measured");
    auto kernel = first.make(backend, request, refusal);
    EXPECT_EQ(refusal, "");
    return kernel;
  }
  std::filesystem::path cache_file() {
    return std::filesystem::directory_iterator(folder_.path())->path();
  }

  const OpCase case_{.name = "measured",
                     .op = Convolution{.num_filter = 32, .kernel = {3, 3}, .pad = {1, 1}},
                     .shapes = {{2, 16, 14, 14}}};
  const ShapedNode shaped_ = shaped_node(case_);
  const TestedBackend tested_{"cpu", nullptr, 2e-6, 1e-5};
  TemporaryFolder folder_;
};

TEST_F(MeasuredConvolution, IsRightForEveryChoice) {
  const Feed feed = make_feed(case_, shaped_);
  const Mode mode{true, all_gradients(case_.op)};
  const RunResult want = run_oracle(shaped_, mode, feed);
  (void)make(*backend(), mode);
  const std::string measured = read_text(cache_file());
  const size_t tab = measured.find('\t');
  ASSERT_NE(tab, std::string::npos) << measured;
  for (const char* choice : {"www", "wwd", "wdw", "wdd", "dww", "dwd", "ddw", "ddd"}) {
    SCOPED_TRACE(choice);
    write_file(cache_file(), measured.substr(0, tab + 1) + choice + "\n");
    const auto chosen = backend();
    const auto kernel = make(*chosen, mode);
    EXPECT_EQ(kernel->implementation().find("wino") != std::string::npos, choice[0] == 'w');
    check_kernel(case_, tested_, *chosen, *kernel, mode, feed, want);
  }
  EXPECT_THAT(read_text(cache_file()),
              ::testing::HasSubstr("\tddd"));  // nothing was measured again
}

TEST_F(MeasuredConvolution, MeasuresAgainWhatIsBroken) {
  const Mode mode{true, all_gradients(case_.op)};
  (void)make(*backend(), mode);
  const std::string measured = read_text(cache_file());
  write_file(cache_file(), measured.substr(0, measured.find('\t') + 1) + "wx");
  EXPECT_NE(make(*backend(), mode), nullptr);
  EXPECT_THAT(read_text(cache_file()), ::testing::MatchesRegex(".*\t[wd][wd][wd]\n"));
}

TEST_F(MeasuredConvolution, IsLeftToTheRuleUnlessAskedFor) {
  const auto plain = make_cpu_backend();
  const KernelRequest request =
      make_request(shaped_, plain->dtype(), {true, all_gradients(case_.op)});
  Refusal refusal;
  EXPECT_EQ(plain->candidates(case_.op).front().make(*plain, request, refusal), nullptr);
  EXPECT_EQ(refusal, "not asked for");
}

}  // namespace
}  // namespace orthrus::testing
