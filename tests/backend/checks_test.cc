// The checks of kernels themselves, on kernels that do what none may do.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <functional>

#include "backend/op_checks.h"

namespace orthrus::testing {
namespace {

// output = input 0 + input 1, and then what a test wants it to do.
class FaultyAdd : public Kernel {
 public:
  using Fault = std::function<void(const StepBuffers& at)>;

  FaultyAdd(const Shape& shape, Fault fault) : fault_(std::move(fault)) {
    inputs_ = {plain_desc(shape), plain_desc(shape)};
    output_ = plain_desc(shape);
    implementation_ = "faulty";
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    forward.reads = {{SlotKind::kInput, 0}, {SlotKind::kInput, 1}};
    forward.writes = {{SlotKind::kOutput}};
    forward.in_place = {{{SlotKind::kInput, 0}, {SlotKind::kOutput}}};
    steps_.push_back(std::move(forward));
  }
  void bind(int, const StepBuffers& buffers) override { buffers_ = buffers; }
  void run(int, const StepContext&) override {
    const auto count = output_.size_bytes / sizeof(float);
    for (size_t i = 0; i < count; ++i) {
      floats(buffers_.output)[i] = floats(buffers_.inputs[0])[i] + floats(buffers_.inputs[1])[i];
    }
    fault_(buffers_);
  }
  static float* floats(std::byte* memory) { return reinterpret_cast<float*>(memory); }

 private:
  Fault fault_;
  StepBuffers buffers_;
};

void run_faulty(const FaultyAdd::Fault& fault, const RunOptions& options = {}) {
  const auto backend = make_ref_backend();
  FaultyAdd kernel(Shape{2, 3}, fault);
  KernelRun run(*backend, kernel, {false, false}, options);
  (void)run.run({{1, 2, 3, 4, 5, 6}, {1, 1, 1, 1, 1, 1}}, {}, {}, kContext);
}

TEST(KernelChecks, LetASoundKernelPass) {
  const auto nothing = [](const StepBuffers&) {};
  run_faulty(nothing);
  run_faulty(nothing, {.in_place = true});
}

TEST(KernelChecks, NoticeAnActivationThatIsWrittenOver) {
  const auto fault = [](const StepBuffers& at) { FaultyAdd::floats(at.inputs[0])[5] = 7; };
  EXPECT_NONFATAL_FAILURE(run_faulty(fault), "forward wrote into slot 0[0] without declaring it");
  run_faulty(fault, {.in_place = true});  // there it is the output
}

TEST(KernelChecks, NoticeAWriteThatIsNotDeclared) {
  const auto fault = [](const StepBuffers& at) { FaultyAdd::floats(at.inputs[1])[0] += 1; };
  EXPECT_NONFATAL_FAILURE(run_faulty(fault), "forward wrote into slot 0[1] without declaring it");
  EXPECT_NONFATAL_FAILURE(run_faulty(fault, {.in_place = true}), "slot 0[1]");
  run_faulty(fault, {.updated_inputs = {1}});
}

TEST(KernelChecks, NoticeAnElementThatIsNotWritten) {
  const auto fault = [](const StepBuffers& at) { std::memset(at.output, 0xFF, sizeof(float)); };
  EXPECT_NONFATAL_FAILURE(run_faulty(fault), "left elements of slot 1[0] unwritten");
}

// Only BatchNorm may change parameters by itself, and only these.
TEST(KernelChecks, KnowWhatBatchNormUpdates) {
  EXPECT_EQ(updated_inputs(BatchNorm{}), (std::vector<int>{1, 3, 4}));
  EXPECT_TRUE(updated_inputs(Convolution{}).empty());
}

class RoundingChecks : public ::testing::Test {
 protected:
  using Round = std::function<uint16_t(float value)>;
  static uint16_t cut_off(float value) {
    return static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16U);
  }
  static Values rounded(const Values& values, const Round& round) {
    Values result;
    for (const double value : values) {
      result.push_back(static_cast<double>(bf16_to_f32(round(static_cast<float>(value)))));
    }
    return result;
  }
  // What expect_near() takes for right.
  void expect_within_tolerance(const Values& got) const {
    expect_near(got, values_, 1e-4, 1e-2, "values");
  }

  const Values values_ = random_values(400, 5, 0);
};

TEST_F(RoundingChecks, LetRoundingToTheNearestPass) {
  const Values got = rounded(values_, f32_to_bf16);
  expect_within_tolerance(got);
  expect_unbiased(got, values_, "values");
}

TEST_F(RoundingChecks, NoticeBitsThatAreCutOff) {
  const Values got = rounded(values_, cut_off);
  expect_within_tolerance(got);
  EXPECT_NONFATAL_FAILURE(expect_unbiased(got, values_, "values"), "rounded to or from zero");
}

TEST_F(RoundingChecks, NoticeRoundingUp) {
  const Values got = rounded(values_, [](float value) {
    const auto bits = cut_off(value);
    return static_cast<uint16_t>(value > 0 ? bits + 1 : bits);
  });
  expect_within_tolerance(got);
  EXPECT_NONFATAL_FAILURE(expect_unbiased(got, values_, "values"), "rounded up or down");
}

// A few large elements do not hide what happens to the many small ones.
TEST_F(RoundingChecks, LookAtSmallElementsToo) {
  Values want = values_;
  for (size_t i = 5; i < want.size(); ++i) want[i] *= 1e-3;
  const Values got = rounded(want, cut_off);
  EXPECT_NONFATAL_FAILURE(expect_unbiased(got, want, "values"), "rounded to or from zero");
}

}  // namespace
}  // namespace orthrus::testing
