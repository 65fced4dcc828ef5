// Checkpoints of a training: everything that lives on from one step to the next, in one file
// (safetensors), from which the training continues bit for bit. They lie in a folder of their own
// as step-<updates>.safetensors; the last ones are kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <future>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "train/environment.h"
#include "train/trainer_state.h"

namespace orthrus {

struct CheckpointSchedule {
  double minutes = 10;  // between two; 0: never by the clock
  int64_t steps = 0;    // between two; 0: never by their number
  int keep = 2;         // how many stay, the newest ones
};

// What a training was given besides its model; another one may not go on from its checkpoints.
struct TrainingInputs {
  std::string config;               // its options, as TOML
  std::vector<ListIdentity> lists;  // of training, and of validation where there is one
};

struct Checkpoint {
  TrainerState state;
  TrainingInputs inputs;
};

// Throws kInput when the file cannot be read, is no checkpoint, is one of a newer version, or a
// part of it is not what was written (each part has a hash).
[[nodiscard]] Checkpoint read_checkpoint(const std::filesystem::path& path);
// All-or-nothing; throws kResource, before anything is written when the disk has too little left.
void write_checkpoint(const std::filesystem::path& path, Checkpoint checkpoint);

[[nodiscard]] Checkpoint parse_checkpoint(std::span<const std::byte> bytes,
                                          const std::string& origin);

// The checkpoints in a folder by their names, the newest first; none where there is no such folder.
// Throws kInput when it cannot be read.
[[nodiscard]] std::vector<std::filesystem::path> checkpoint_files(
    const std::filesystem::path& folder);

class CheckpointFolder {
 public:
  // `folder` is created with the first checkpoint.
  CheckpointFolder(std::filesystem::path folder, TrainingInputs inputs,
                   const CheckpointSchedule& schedule);
  ~CheckpointFolder();  // waits for the one that is being written

  // Whether one should be written after that many updates.
  [[nodiscard]] bool due(int64_t updates) const;
  // Begins to write one in a thread of its own, then removes those that are older than the ones to
  // keep, or newer than it (of a training that went back), and nothing that is no checkpoint; one
  // that was written at a stop is kept beside them until the next. Waits first for the one before.
  // Throws kResource when that one could not be written, or no thread can be started.
  void start_write(TrainerState state);
  // Waits until everything is written; throws as start_write().
  void finish();
  // The training goes on from where its last checkpoint that was due has that many updates.
  void continue_from(int64_t updates) { last_due_ = updates; }
  // The updates of that one; 0: there is none.
  [[nodiscard]] int64_t last_due() const { return last_due_; }
  // Removes the checkpoints of that many updates and more, when a training has gone back further.
  void remove_from(int64_t updates) const;

  struct Newest {
    std::filesystem::path path;
    std::optional<Checkpoint> checkpoint;
    std::vector<std::string> skipped;  // newer files that cannot be used, and why
  };
  // The one with the most updates, below `below`, that can be read, of those that were written at a
  // stop only with `of_stops`. Throws as checkpoint_files(), and kResource without memory for one.
  [[nodiscard]] Newest newest(int64_t below = std::numeric_limits<int64_t>::max(),
                              bool of_stops = true) const;

 private:
  using Clock = std::chrono::steady_clock;

  void write(TrainerState state);
  // From the folder that `written` has come into.
  void remove_void(const std::filesystem::path& written) const;

  std::filesystem::path folder_;
  TrainingInputs inputs_;
  CheckpointSchedule schedule_;
  Clock::time_point last_time_ = Clock::now();
  int64_t last_due_ = 0;
  std::future<void> writing_;
};

}  // namespace orthrus
