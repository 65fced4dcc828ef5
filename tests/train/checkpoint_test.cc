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
using ::testing::IsEmpty;
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
  write_checkpoint(folder.path() / "c", {.state = state, .config = "a = 1\n"});
  const Checkpoint back = read_checkpoint(folder.path() / "c");
  EXPECT_EQ(back.config, "a = 1\n");
  EXPECT_EQ(back.state.epoch, 3);
  EXPECT_EQ(back.state.loader.batch, 17U);
  EXPECT_EQ(back.state.updates, 42);
  EXPECT_TRUE(same_bytes(back.state.parameters, state.parameters));
  EXPECT_TRUE(same_bytes(back.state.momentum, state.momentum));
  EXPECT_EQ(back.state.epoch_sums, state.epoch_sums);
  EXPECT_EQ(back.state.window_sums, state.window_sums);
}

TEST(TrainingCheckpoint, IsRefusedWhenAnyBitWasFlipped) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "c";
  write_checkpoint(path, {.state = some_state(1), .config = "a = 1\n"});
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

TEST(CheckpointFolder, KeepsTheLastTwoAndTouchesNothingElse) {
  const TemporaryFolder folder;
  write_file(folder.path() / "mine-checkpoint-x.safetensors", "not ours");
  write_file(folder.path() / "other-checkpoint-0000000001.safetensors", "not ours");
  CheckpointFolder checkpoints(folder.path(), "mine", "", {});
  for (const int64_t updates : {1, 5, 12, 12}) checkpoints.write(some_state(updates));
  EXPECT_THAT(names_in(folder.path()),
              ElementsAre("mine-checkpoint-0000000005.safetensors",
                          "mine-checkpoint-0000000012.safetensors", "mine-checkpoint-x.safetensors",
                          "other-checkpoint-0000000001.safetensors"));
  EXPECT_EQ(checkpoints.newest().checkpoint->state.updates, 12);
}

TEST(CheckpointFolder, PassesOverWhatIsBroken) {
  const TemporaryFolder folder;
  CheckpointFolder checkpoints(folder.path(), "mine", "", {});
  EXPECT_FALSE(checkpoints.newest().checkpoint);
  checkpoints.write(some_state(1));
  write_file(folder.path() / "mine-checkpoint-0000000002.safetensors", "cut");
  const CheckpointFolder::Newest newest = checkpoints.newest();
  ASSERT_TRUE(newest.checkpoint);
  EXPECT_EQ(newest.checkpoint->state.updates, 1);
  EXPECT_THAT(newest.skipped, ElementsAre(HasSubstr("mine-checkpoint-0000000002")));
}

TEST(CheckpointFolder, ATrainingThatBeginsAnewReplacesOlderOnes) {
  const TemporaryFolder folder;
  CheckpointFolder(folder.path(), "mine", "", {}).write(some_state(100));
  CheckpointFolder anew(folder.path(), "mine", "", {});
  EXPECT_EQ(anew.newest().checkpoint->state.updates, 100) << "until the first new one is there";
  anew.write(some_state(1));
  EXPECT_EQ(anew.newest().checkpoint->state.updates, 1);
}

TEST(CheckpointFolder, IsDueByStepsOrMinutes) {
  const TemporaryFolder folder;
  EXPECT_FALSE(CheckpointFolder(folder.path(), "mine", "", {.minutes = 0}).due(1000000));
  const CheckpointFolder by_minutes(folder.path(), "mine", "", {.minutes = 1e-9});
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(by_minutes.due(1));
  CheckpointFolder by_steps(folder.path(), "mine", "", {.minutes = 0, .steps = 10});
  EXPECT_FALSE(by_steps.due(9));
  EXPECT_TRUE(by_steps.due(10));
  by_steps.write(some_state(10));
  EXPECT_FALSE(by_steps.due(19));
}

TEST(ChangedOptions, NamesWhatWouldBreakThePromise) {
  const std::string then = "threads = 2\n\n[optimizer]\nlr = 0.1\nwd = 1\n[train]\nnum_epoch = 2\n";
  EXPECT_THAT(changed_options(then, then), IsEmpty());
  EXPECT_THAT(changed_options("threads = 2\n[optimizer]\nlr = 0.2\n[train]\nnum_epoch = 9\n", then),
              ElementsAre("optimizer.lr: 0.2, was 0.1", "optimizer.wd: not set, was 1"));
}

}  // namespace
}  // namespace orthrus
