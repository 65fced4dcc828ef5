// A disk that fails anywhere in a whole training: it goes on or ends with an error, and resumed on
// a disk that works it ends with the bytes of a training that saw no fault.
#include "train/run.h"

#include <gtest/gtest.h>

#include <optional>

#include "base/file.h"
#include "fault/faults.h"
#include "formats/mxnet/checkpoint.h"
#include "train/training.h"

namespace orthrus {
namespace {

using testing::for_each_call;
using testing::kPictures;
using testing::NamedFault;
using testing::RecordingObserver;
using testing::TemporaryFolder;
using testing::tiny_model;

class WholeRun : public ::testing::Test {
 protected:
  WholeRun() {
    const Model model = tiny_model();
    const std::string start = (folder_.path() / "start").string();
    mxnet::save_checkpoint(start, 0, model.graph, model.parameters);
    request_.model = start;
    request_.end_epoch = 2;
    request_.tasks = model.tasks;
    request_.preprocessing = model.preprocessing;
    request_.train = {{.files = {kPictures / "train.lst", kPictures}}};
    request_.loader.batch_size = 16;
    request_.checkpoints.steps = 1;
  }

  void train(const std::filesystem::path& out, bool resume) {
    request_.resume = resume;
    RecordingObserver observer;
    RunFolder run(out);
    run_training(request_, run, *backend_, observer);
  }

  TemporaryFolder folder_;
  TrainRequest request_;
  std::unique_ptr<Backend> backend_ = make_ref_backend();
};

class RunFault : public WholeRun, public ::testing::WithParamInterface<NamedFault> {};

TEST_P(RunFault, CostsNothingButTheTimeSinceTheLastCheckpoint) {
  train(folder_.path() / "whole", false);
  const std::vector<std::byte> expected = read_file(folder_.path() / "whole/last.safetensors");
  const std::filesystem::path out = folder_.path() / "out";
  for_each_call(
      GetParam(), [&] { std::filesystem::remove_all(out); }, [&] { train(out, false); },
      [](ErrorKind kind) { return kind == ErrorKind::kResource || kind == ErrorKind::kInput; },
      [&](bool failed) {
        if (!failed) {
          EXPECT_EQ(read_file(out / "last.safetensors"), expected);
        }
        train(out, true);
        EXPECT_EQ(read_file(out / "last.safetensors"), expected);
      });
}

// Starts no thread from the end of the first epoch's steps to the first warning.
class NoThreads : public RecordingObserver {
 public:
  void after_epoch(const EpochReport& report) override {
    RecordingObserver::after_epoch(report);
    if (epochs.size() == 1) {
      faults_.emplace(
          SystemFault{.call = SystemCall::kThread, .first = 1, .for_ever = true, .error = EAGAIN});
    }
  }
  void warn(std::string_view text) override {
    faults_.reset();
    RecordingObserver::warn(text);
  }

 private:
  std::optional<SystemFaults> faults_;
};

TEST_F(WholeRun, GoesOnWithoutACheckpointForWhichNoThreadCanBeStarted) {
  request_.checkpoints.steps = 0;
  train(folder_.path() / "whole", false);
  const std::filesystem::path out = folder_.path() / "out";
  NoThreads observer;
  {
    RunFolder run(out);
    run_training(request_, run, *backend_, observer);
  }
  ASSERT_EQ(observer.warnings.size(), 1U);
  EXPECT_NE(observer.warnings[0].find("no thread can be started"), std::string::npos);
  EXPECT_NE(observer.warnings[0].find("goes on without that checkpoint"), std::string::npos);
  EXPECT_EQ(observer.epochs.size(), 2U);
  EXPECT_EQ(read_file(out / "last.safetensors"),
            read_file(folder_.path() / "whole/last.safetensors"));
}

INSTANTIATE_TEST_SUITE_P(Calls, RunFault,
                         ::testing::Values(NamedFault{"open", SystemCall::kOpen, EMFILE, false},
                                           NamedFault{"write", SystemCall::kWrite, EIO, false},
                                           NamedFault{"full_disk", SystemCall::kWrite, ENOSPC,
                                                      true},
                                           NamedFault{"sync", SystemCall::kSync, EIO, false},
                                           NamedFault{"close", SystemCall::kClose, EIO, false},
                                           NamedFault{"rename", SystemCall::kRename, EROFS, false}),
                         testing::name_of);

}  // namespace
}  // namespace orthrus
