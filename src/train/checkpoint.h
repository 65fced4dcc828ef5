// Checkpoints of a training: everything that lives on from one step to the next, in one file
// (safetensors), from which the training continues bit for bit. They lie in a folder of their own
// as step-<updates>.safetensors; the last two are kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "train/trainer_state.h"

namespace orthrus {

struct CheckpointSchedule {
  double minutes = 10;  // between two; 0: never by the clock
  int64_t steps = 0;    // between two; 0: never by their number
};

struct Checkpoint {
  TrainerState state;
  std::string config;  // the options of the training that wrote it, as TOML
};

// Throws kInput when the file cannot be read, is no checkpoint, is one of a newer version, or a
// part of it is not what was written (each part has a hash).
[[nodiscard]] Checkpoint read_checkpoint(const std::filesystem::path& path);
// All-or-nothing; throws kResource, before anything is written when the disk has too little left.
void write_checkpoint(const std::filesystem::path& path, Checkpoint checkpoint);

// The checkpoints in a folder by their names, the newest first.
[[nodiscard]] std::vector<std::filesystem::path> checkpoint_files(
    const std::filesystem::path& folder);

class CheckpointFolder {
 public:
  // `folder` is created with the first checkpoint.
  CheckpointFolder(std::filesystem::path folder, std::string config,
                   const CheckpointSchedule& schedule);
  ~CheckpointFolder();  // waits for the one that is being written

  // Whether one should be written after that many updates.
  [[nodiscard]] bool due(int64_t updates) const;
  // Begins to write one in a thread of its own, then removes all but the last two of this training;
  // waits first for the one before. Throws kResource when that one could not be written.
  void start_write(TrainerState state);
  // Waits until everything is written; throws as start_write().
  void finish();
  // That file is the one that this training goes on from.
  void continue_from(const std::filesystem::path& path, int64_t updates);

  struct Newest {
    std::filesystem::path path;
    std::optional<Checkpoint> checkpoint;
    std::vector<std::string> skipped;  // newer files that cannot be used, and why
  };
  // The one with the most updates that can be read.
  [[nodiscard]] Newest newest() const;

 private:
  using Clock = std::chrono::steady_clock;

  void write(TrainerState state);

  std::filesystem::path folder_;
  std::string config_;
  CheckpointSchedule schedule_;
  Clock::time_point last_time_ = Clock::now();
  int64_t last_updates_ = 0;
  std::vector<std::filesystem::path> own_;  // written by this training, the newest last
  std::future<void> writing_;               // owns own_ while it is not ready
};

}  // namespace orthrus
