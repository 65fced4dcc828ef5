#include "train/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/file.h"
#include "formats/safetensors/safetensors.h"
#include "train/training.h"

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::refusal_of;
using testing::same_bytes;
using testing::TemporaryFolder;

TrainerState some_state(int64_t updates) {
  TrainerState state;
  state.epoch = 3;
  state.loader = {.epoch = 3, .batch = 17};
  state.updates = updates;
  state.parameters["w"] = Tensor::filled({2, 2}, 0.1F);
  state.momentum["w"] = Tensor::filled({2, 2}, -0.3F);
  state.epoch_sums = {{.weight = 5, .correct = 3, .top_k = 5, .loss = 1.0 / 3}};
  state.window_sums = {{.weight = 1, .correct = 0, .top_k = 1, .loss = 0.1}};
  state.history = {{.epoch = 2,
                    .updates = 40,
                    .learning_rate = 0.1,
                    .seconds = 1.5,
                    .train = state.epoch_sums,
                    .validation = {},
                    .task_weights = {0.5},
                    .score = 0.25}};
  state.rollbacks = 2;
  state.log_size = 123;
  return state;
}

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

TEST(TrainingCheckpoint, ComesBackAsItWent) {
  const TemporaryFolder folder;
  const TrainerState state = some_state(42);
  write_checkpoint(
      folder.path() / "c",
      {.state = state,
       .inputs = {.config = "a = 1\n",
                  .lists = {{.path = "train.lst", .pictures = 5, .hash = ~uint64_t{0}}}}});
  const Checkpoint back = read_checkpoint(folder.path() / "c");
  EXPECT_EQ(back.inputs.config, "a = 1\n");
  ASSERT_EQ(back.inputs.lists.size(), 1U);
  EXPECT_EQ(back.inputs.lists[0].path, "train.lst");
  EXPECT_EQ(back.inputs.lists[0].pictures, 5U);
  EXPECT_EQ(back.inputs.lists[0].hash, ~uint64_t{0});
  EXPECT_EQ(back.state.epoch, 3);
  EXPECT_EQ(back.state.loader.batch, 17U);
  EXPECT_EQ(back.state.updates, 42);
  EXPECT_TRUE(same_bytes(back.state.parameters, state.parameters));
  EXPECT_TRUE(same_bytes(back.state.momentum, state.momentum));
  EXPECT_EQ(back.state.epoch_sums, state.epoch_sums);
  EXPECT_EQ(back.state.window_sums, state.window_sums);
  ASSERT_EQ(back.state.history.size(), 1U);
  EXPECT_EQ(back.state.history[0].learning_rate, 0.1);
  EXPECT_EQ(back.state.history[0].train, state.epoch_sums);
  EXPECT_EQ(back.state.rollbacks, 2);
  EXPECT_EQ(back.state.log_size, 123U);
}

TEST(TrainingCheckpoint, IsRefusedWhenAnyBitWasFlipped) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "c";
  write_checkpoint(path, {.state = some_state(1), .inputs = {.config = "a = 1\n", .lists = {}}});
  const std::vector<std::byte> whole = read_file(path);
  for (size_t i = 0; i < whole.size(); ++i) {
    std::vector<std::byte> bytes = whole;
    bytes[i] ^= std::byte{1};
    write_file(path, bytes);
    // A flipped blank of the header's padding, or in the list of keys, may be harmless: then
    // nothing else may have changed.
    if (refusal_of([&] { (void)read_checkpoint(path); }) != "nothing thrown") continue;
    EXPECT_TRUE(same_bytes(read_checkpoint(path).state.parameters, some_state(1).parameters)) << i;
  }
  for (size_t size = 0; size < whole.size(); size += 7) {
    write_file(path, std::span(whole).first(size));
    EXPECT_NE(refusal_of([&] { (void)read_checkpoint(path); }), "nothing thrown") << size;
  }
}

TEST(TrainingCheckpoint, OfANewerVersionOrOfNoTrainingIsRefused) {
  const TemporaryFolder folder;
  write_safetensors(folder.path() / "new", {}, {{"orthrus.checkpoint", "2"}});
  EXPECT_THAT(refusal_of([&] { (void)read_checkpoint(folder.path() / "new"); }),
              HasSubstr("version 2"));
  write_safetensors(folder.path() / "other", {}, {});
  EXPECT_THAT(refusal_of([&] { (void)read_checkpoint(folder.path() / "other"); }),
              HasSubstr("no checkpoint of a training"));
}

void write(CheckpointFolder& checkpoints, int64_t updates) {
  checkpoints.start_write(some_state(updates));
  checkpoints.finish();
}

TEST(CheckpointFolder, KeepsTheLastTwoAndTouchesNothingElse) {
  const TemporaryFolder folder;
  write_file(folder.path() / "step-x.safetensors", "not ours");
  write_file(folder.path() / "other-0000000001.safetensors", "not ours");
  write_safetensors(folder.path() / "step-0000000003.safetensors", {}, {{"not", "ours"}});
  CheckpointFolder checkpoints(folder.path(), {}, {});
  for (const int64_t updates : {1, 5, 12, 12}) write(checkpoints, updates);
  EXPECT_THAT(names_in(folder.path()),
              ElementsAre("other-0000000001.safetensors", "step-0000000003.safetensors",
                          "step-0000000005.safetensors", "step-0000000012.safetensors",
                          "step-x.safetensors"));
  EXPECT_EQ(checkpoints.newest().checkpoint->state.updates, 12);
}

// Those of a training before it was cut off count, and those behind the place where it goes on are
// void.
TEST(CheckpointFolder, KeepsAsManyAsItIsTold) {
  const TemporaryFolder folder;
  CheckpointFolder before(folder.path(), {}, {.keep = 9});
  for (const int64_t updates : {1, 2, 3, 8}) write(before, updates);
  CheckpointFolder checkpoints(folder.path(), {}, {.keep = 3});
  checkpoints.continue_from(3);
  write(checkpoints, 4);
  EXPECT_THAT(names_in(folder.path()),
              ElementsAre("step-0000000002.safetensors", "step-0000000003.safetensors",
                          "step-0000000004.safetensors"));
}

TEST(CheckpointFolder, PassesOverWhatIsBroken) {
  const TemporaryFolder folder;
  CheckpointFolder checkpoints(folder.path(), {}, {});
  EXPECT_FALSE(checkpoints.newest().checkpoint);
  write(checkpoints, 1);
  write_file(folder.path() / "step-0000000002.safetensors", "cut");
  const CheckpointFolder::Newest newest = checkpoints.newest();
  ASSERT_TRUE(newest.checkpoint);
  EXPECT_EQ(newest.checkpoint->state.updates, 1);
  EXPECT_THAT(newest.skipped, ElementsAre(HasSubstr("step-0000000002")));
}

TEST(CheckpointFolder, ThatCannotBeReadIsNotTakenForAnEmptyOne) {
  const TemporaryFolder folder;
  write_file(folder.path() / "file", "no folder");
  const CheckpointFolder checkpoints(folder.path() / "file", {}, {});
  EXPECT_THAT(refusal_of([&] { (void)checkpoints.newest(); }),
              HasSubstr("cannot read the folder '" + (folder.path() / "file").string()));
}

TEST(CheckpointFolder, TellsOfAFailureAtTheNextOccasion) {
  const TemporaryFolder folder;
  write_file(folder.path() / "file", "no folder");
  CheckpointFolder checkpoints(folder.path() / "file", {}, {});
  checkpoints.start_write(some_state(1));
  EXPECT_THAT(refusal_of([&] { checkpoints.start_write(some_state(2)); }),
              HasSubstr((folder.path() / "file").string()));
}

TEST(CheckpointFolder, IsDueByStepsOrMinutes) {
  const TemporaryFolder folder;
  EXPECT_FALSE(CheckpointFolder(folder.path(), {}, {.minutes = 0}).due(1000000));
  const CheckpointFolder by_minutes(folder.path(), {}, {.minutes = 1e-9});
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(by_minutes.due(1));
  CheckpointFolder by_steps(folder.path(), {}, {.minutes = 0, .steps = 10});
  EXPECT_FALSE(by_steps.due(9));
  EXPECT_TRUE(by_steps.due(10));
  write(by_steps, 10);
  EXPECT_FALSE(by_steps.due(19));
}

}  // namespace
}  // namespace orthrus
