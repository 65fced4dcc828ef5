// Disk and memory that fail while a checkpoint is written beside an older one, or while the newest
// is looked for: there is always one that can be used, and none that is not what was written.
#include "train/checkpoint.h"

#include <gtest/gtest.h>

#include <optional>

#include "fault/faults.h"
#include "model/networks.h"

namespace orthrus {
namespace {

using testing::for_each_allocation;
using testing::for_each_call;
using testing::NamedFault;
using testing::same_bytes;
using testing::TemporaryFolder;

TrainerState state_of(int64_t updates) {
  TrainerState state;
  state.updates = updates;
  state.parameters["w"] = Tensor::filled({2, 3}, static_cast<float>(updates));
  state.momentum["w"] = Tensor::filled({2, 3}, -static_cast<float>(updates));
  state.epoch_sums = {{.weight = 5, .correct = 3, .top_k = 5, .loss = 0.1}};
  state.window_sums = state.epoch_sums;
  state.history = {{.epoch = 2, .updates = 40, .train = state.epoch_sums, .validation = {}}};
  return state;
}

bool is_whole(const TrainerState& state) {
  const TrainerState written = state_of(state.updates);
  return same_bytes(state.parameters, written.parameters) &&
         same_bytes(state.momentum, written.momentum) && state.epoch_sums == written.epoch_sums &&
         state.history.size() == 1;
}

class CheckpointFault : public ::testing::Test {
 protected:
  CheckpointFault() { begin(); }

  // Two checkpoints are there, of 1 and of 2 updates.
  void begin() {
    checkpoints_.reset();
    std::filesystem::remove_all(folder_.path() / "checkpoints");
    checkpoints_.emplace(folder_.path() / "checkpoints", TrainingInputs{}, CheckpointSchedule{});
    for (const int64_t updates : {1, 2}) write(updates);
  }
  void write(int64_t updates) {
    checkpoints_->start_write(state_of(updates));
    checkpoints_->finish();
  }
  // After the third was written, or failed: one can be used, and the training can go on.
  void expect_usable(bool failed) {
    const CheckpointFolder::Newest newest = checkpoints_->newest();
    ASSERT_TRUE(newest.checkpoint);
    EXPECT_TRUE(newest.skipped.empty()) << newest.skipped.front();
    EXPECT_TRUE(is_whole(newest.checkpoint->state));
    const int64_t updates = newest.checkpoint->state.updates;
    EXPECT_TRUE(updates == 3 || (failed && updates == 2)) << updates;
    write(4);
    EXPECT_EQ(checkpoints_->newest().checkpoint->state.updates, 4);
  }
  // What was found while the first two are there.
  static bool is_right(const CheckpointFolder::Newest& newest) {
    if (!newest.checkpoint) return newest.skipped.size() == 2;
    const auto passed_over = static_cast<int64_t>(newest.skipped.size());
    return is_whole(newest.checkpoint->state) &&
           newest.checkpoint->state.updates == 2 - passed_over;
  }

  TemporaryFolder folder_;
  std::optional<CheckpointFolder> checkpoints_;
};

class CheckpointWriteFault : public CheckpointFault,
                             public ::testing::WithParamInterface<NamedFault> {};
class CheckpointReadFault : public CheckpointFault,
                            public ::testing::WithParamInterface<NamedFault> {};

TEST_P(CheckpointWriteFault, LeavesTheOneBeforeOrTheNewOne) {
  for_each_call(
      GetParam(), [&] { begin(); }, [&] { write(3); }, ErrorKind::kResource,
      [&](bool failed) { expect_usable(failed); });
}

// Where one that is newer cannot be read, an older one is taken, and the newer one is named.
TEST_P(CheckpointReadFault, FindsOneThatIsWholeOrNone) {
  CheckpointFolder::Newest newest;
  for_each_call(
      GetParam(), [] {}, [&] { newest = checkpoints_->newest(); }, ErrorKind::kInput,
      [&](bool failed) { EXPECT_TRUE(failed || is_right(newest)); });
  EXPECT_EQ(checkpoints_->newest().checkpoint->state.updates, 2) << "nothing was changed";
}

INSTANTIATE_TEST_SUITE_P(Calls, CheckpointWriteFault, ::testing::ValuesIn(testing::kWriteFaults),
                         testing::name_of);
INSTANTIATE_TEST_SUITE_P(Calls, CheckpointReadFault, ::testing::ValuesIn(testing::kReadFaults),
                         testing::name_of);

TEST_F(CheckpointFault, IsToldWhereNoThreadCanBeStarted) {
  {
    const SystemFaults faults({.call = SystemCall::kThread, .first = 1, .error = EAGAIN});
    try {
      checkpoints_->start_write(state_of(3));
      ADD_FAILURE() << "nothing thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kResource);
      EXPECT_NE(error.message().find("no thread can be started"), std::string::npos);
    }
    EXPECT_TRUE(faults.struck());
  }
  expect_usable(true);
}

class CheckpointAllocationFault : public CheckpointFault,
                                  public ::testing::WithParamInterface<bool> {};

TEST_P(CheckpointAllocationFault, LeavesTheOneBeforeOrTheNewOne) {
  const auto write_third = [&] {
    write(3);
    return true;
  };
  for_each_allocation(
      GetParam(), [&] { begin(); }, write_third, [&](bool failed) { expect_usable(failed); });
}

TEST_P(CheckpointAllocationFault, FindsOneThatIsWholeOrNone) {
  for_each_allocation(
      GetParam(), [] {}, [&] { return is_right(checkpoints_->newest()); }, [](bool) {});
}

INSTANTIATE_TEST_SUITE_P(ForEver, CheckpointAllocationFault, ::testing::Bool());

}  // namespace
}  // namespace orthrus
