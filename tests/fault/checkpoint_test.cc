// A full or failing disk while a training writes its checkpoint: the one before stays whole, and
// what is there under the new name is whole or absent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "base/file_fault.h"
#include "formats/mxnet/checkpoint.h"
#include "train/training.h"

namespace orthrus {
namespace {

using ::testing::Contains;
using testing::golden_loader;
using testing::RecordingObserver;
using testing::same_bytes;
using testing::TemporaryFolder;
using testing::tiny_model;

struct Fault {
  const char* name;
  FileCall call;
  int error;
};

class CheckpointFault : public ::testing::TestWithParam<Fault> {};

// One epoch of a tiny training is saved; then the second epoch's checkpoint fails at its k-th call.
// Returns whether a fault struck.
bool second_checkpoint_fails(const Fault& fault, int64_t k) {
  const TemporaryFolder folder;
  const std::string prefix = (folder.path() / "tiny").string();
  Model model = tiny_model();
  LoaderOptions loading;
  loading.batch_size = 16;
  const auto loader = golden_loader("train.lst", model.preprocessing, loading);
  const auto backend = make_ref_backend();
  RecordingObserver observer;
  TrainerOptions options;
  options.batch_size = 16;
  options.end_epoch = 2;
  options.mxnet_prefix = prefix;
  Trainer trainer(std::move(model), *loader, nullptr, *backend, options, observer);
  while (trainer.step()) {
  }
  trainer.finish_epoch();
  const NamedTensors first = mxnet::load_checkpoint(prefix, 1).parameters;
  while (trainer.step()) {
  }
  bool struck = false;
  bool failed = false;
  {
    const FileFaults faults(
        {.call = fault.call, .first = k, .for_ever = true, .error = fault.error});
    try {
      trainer.finish_epoch();
    } catch (const Error& error) {
      failed = true;
      EXPECT_EQ(error.kind(), ErrorKind::kResource) << error.message();
    }
    struck = faults.struck();
  }
  EXPECT_TRUE(same_bytes(mxnet::load_checkpoint(prefix, 1).parameters, first)) << "call " << k;
  const std::vector<int> saved = mxnet::saved_epochs(prefix);
  EXPECT_THAT(saved, Contains(1));
  if (!failed) {
    EXPECT_THAT(saved, Contains(2));
  }
  if (saved.back() == 2) {
    EXPECT_TRUE(
        same_bytes(mxnet::load_checkpoint(prefix, 2).parameters, trainer.state().parameters));
  }
  return struck;
}

TEST_P(CheckpointFault, LeavesThePreviousCheckpointWhole) {
  constexpr int64_t kMostCalls = 200;
  int64_t k = 1;
  while (k <= kMostCalls && second_checkpoint_fails(GetParam(), k)) ++k;
  EXPECT_GT(k, 1) << "no call was reached";
  EXPECT_LE(k, kMostCalls);
}

INSTANTIATE_TEST_SUITE_P(Calls, CheckpointFault,
                         ::testing::Values(Fault{"open", FileCall::kOpen, EACCES},
                                           Fault{"write", FileCall::kWrite, ENOSPC},
                                           Fault{"sync", FileCall::kSync, EIO},
                                           Fault{"close", FileCall::kClose, EIO},
                                           Fault{"rename", FileCall::kRename, ENOSPC}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace orthrus
