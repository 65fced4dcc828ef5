// A full or failing disk while a model file is written over an older one, or read: the old file
// stays whole until the new one is, and no part of a file is taken for a model.
#include "model/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "base/file.h"
#include "base/file_fault.h"
#include "model/networks.h"

namespace orthrus {
namespace {

using testing::TemporaryFolder;
using testing::tiny_model;

struct ModelFault {
  const char* name;
  FileCall call;
  int error;  // 0: a short write or read
  bool for_ever;
};

class ModelFileFault : public ::testing::TestWithParam<ModelFault> {
 protected:
  ModelFileFault() {
    newer_.parameters["fc_bias"] = Tensor::filled({4}, 3);
    write_model(path_, newer_);
    new_bytes_ = read_file(path_);
    write_model(path_, tiny_model());
    old_bytes_ = read_file(path_);
  }

  // Runs `action` with its k-th call failing, for k = 1, 2, ... until none is reached; then
  // `check(failed)`.
  template <typename Action, typename Check>
  void for_each_call(ErrorKind expected, Action action, Check check) {
    constexpr int64_t kMostCalls = 20'000;
    bool struck = true;
    for (int64_t k = 1; struck; ++k) {
      ASSERT_LE(k, kMostCalls);
      bool failed = false;
      {
        const FileFaults faults({.call = GetParam().call,
                                 .first = k,
                                 .for_ever = GetParam().for_ever,
                                 .error = GetParam().error});
        try {
          action();
        } catch (const Error& error) {
          failed = true;
          EXPECT_EQ(error.kind(), expected) << error.message();
        }
        struck = faults.struck();
      }
      check(failed);
      if (HasFailure()) FAIL() << "call " << k;
      // One byte at a time, all along: one round says it all.
      if (GetParam().error == 0 && GetParam().for_ever) break;
    }
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "best.safetensors";
  Model newer_ = tiny_model();
  std::vector<std::byte> old_bytes_, new_bytes_;
};

TEST_P(ModelFileFault, LeavesTheOldFileOrTheNewOne) {
  for_each_call(
      ErrorKind::kResource, [&] { write_model(path_, newer_); },
      [&](bool failed) {
        const std::vector<std::byte> bytes = read_file(path_);
        EXPECT_TRUE(bytes == new_bytes_ || (failed && bytes == old_bytes_));
        const auto entries = std::filesystem::directory_iterator(folder_.path());
        EXPECT_EQ(std::distance(begin(entries), end(entries)), 1) << "something was left behind";
        write_file(path_, old_bytes_);
      });
}

TEST_P(ModelFileFault, ReadsAllOfAFileOrFails) {
  const Model whole = read_model(path_);
  for_each_call(
      ErrorKind::kInput,
      [&] {
        const Model model = read_model(path_);
        EXPECT_TRUE(testing::same_bytes(model.parameters, whole.parameters));
        EXPECT_EQ(describe_model(path_).graph, whole.graph);
      },
      [](bool) {});
}

INSTANTIATE_TEST_SUITE_P(
    Calls, ModelFileFault,
    ::testing::Values(ModelFault{"open", FileCall::kOpen, EACCES, false},
                      ModelFault{"open_for_ever", FileCall::kOpen, EMFILE, true},
                      ModelFault{"read", FileCall::kRead, EIO, false},
                      ModelFault{"read_interrupted", FileCall::kRead, EINTR, false},
                      ModelFault{"read_short", FileCall::kRead, 0, true},
                      ModelFault{"write", FileCall::kWrite, ENOSPC, false},
                      ModelFault{"write_for_ever", FileCall::kWrite, EIO, true},
                      ModelFault{"write_interrupted", FileCall::kWrite, EINTR, false},
                      ModelFault{"write_short", FileCall::kWrite, 0, true},
                      ModelFault{"sync", FileCall::kSync, EIO, true},
                      ModelFault{"close", FileCall::kClose, EIO, true},
                      ModelFault{"rename", FileCall::kRename, ENOSPC, true}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace orthrus
