// Checkpoints of a training: everything that lives on from one step to the next, in one file
// (safetensors), from which the training continues bit for bit. They lie beside the models that a
// training saves, as NAME-checkpoint-<updates>.safetensors; the last two are kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
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
// All-or-nothing; throws kResource.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

class CheckpointFolder {
 public:
  CheckpointFolder(std::filesystem::path folder, std::string name, std::string config,
                   const CheckpointSchedule& schedule);

  // Whether one should be written after that many updates.
  [[nodiscard]] bool due(int64_t updates) const;
  // Writes one, then removes those of this name but the last two of this training.
  void write(const TrainerState& state);
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

  // Their files, the newest first.
  [[nodiscard]] std::vector<std::filesystem::path> files() const;

  std::filesystem::path folder_;
  std::string name_;
  std::string config_;
  CheckpointSchedule schedule_;
  Clock::time_point last_time_ = Clock::now();
  int64_t last_updates_ = 0;
  std::vector<std::filesystem::path> own_;  // written by this training, the newest last
};

// Options that differ between two configurations written as TOML ("optimizer.lr: 0.1, was 0.2"),
// but for those that a continued training may change: how long it goes on, what it prints, where
// it validates.
[[nodiscard]] std::vector<std::string> changed_options(const std::string& now,
                                                       const std::string& then);

}  // namespace orthrus
