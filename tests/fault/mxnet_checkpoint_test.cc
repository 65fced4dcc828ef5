// A full or failing disk while a training writes MXNet's files: the ones before stay whole, and
// what is there under the new names is whole or absent.
#include "formats/mxnet/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "fault/faults.h"
#include "train/training.h"

namespace orthrus {
namespace {

using ::testing::Contains;
using testing::for_each_call;
using testing::golden_loader;
using testing::NamedFault;
using testing::RecordingObserver;
using testing::same_bytes;
using testing::TemporaryFolder;
using testing::tiny_model;

class MxnetCheckpointFault : public ::testing::TestWithParam<NamedFault> {};

// One epoch of a tiny training is saved; then the second epoch's files fail at the k-th call.
TEST_P(MxnetCheckpointFault, LeavesThePreviousOneWhole) {
  const TemporaryFolder folder;
  const std::string prefix = (folder.path() / "tiny").string();
  LoaderOptions loading;
  loading.batch_size = 16;
  const auto loader = golden_loader("train.lst", tiny_model().preprocessing, loading);
  const auto backend = make_ref_backend();
  RecordingObserver observer;
  TrainerOptions options;
  options.batch_size = 16;
  options.end_epoch = 2;
  options.mxnet_prefix = prefix;
  std::optional<Trainer> trainer;
  NamedTensors first;
  const auto train = [&] {
    std::filesystem::remove(mxnet::params_path(prefix, 2));
    trainer.emplace(tiny_model(), *loader, nullptr, *backend, options, observer);
    while (trainer->step()) {
    }
    trainer->finish_epoch();
    first = mxnet::load_checkpoint(prefix, 1).parameters;
    while (trainer->step()) {
    }
  };
  for_each_call(
      GetParam(), train, [&] { trainer->finish_epoch(); }, ErrorKind::kResource,
      [&](bool failed) {
        EXPECT_TRUE(same_bytes(mxnet::load_checkpoint(prefix, 1).parameters, first));
        const std::vector<int> saved = mxnet::saved_epochs(prefix);
        EXPECT_THAT(saved, Contains(1));
        if (!failed) {
          EXPECT_THAT(saved, Contains(2));
        }
        if (saved.back() == 2) {
          EXPECT_TRUE(same_bytes(mxnet::load_checkpoint(prefix, 2).parameters,
                                 trainer->state().parameters));
        }
      });
}

INSTANTIATE_TEST_SUITE_P(Calls, MxnetCheckpointFault, ::testing::ValuesIn(testing::kWriteFaults),
                         testing::name_of);

}  // namespace
}  // namespace orthrus
