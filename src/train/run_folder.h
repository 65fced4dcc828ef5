// The folder of one training run, with everything that the run writes:
//   config.toml          every option, and where its value comes from
//   environment.json     program, machine and data that the results came from
//   train.log            what was printed, with times
//   metrics.csv          a row for each epoch and task
//   events.out.tfevents* the same for TensorBoard, and the losses of each step
//   checkpoints/         from which the training can go on
//   best.safetensors, last.safetensors   the model after the best and after the last epoch
//   lock                 names the process that trains there now
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/file_lock.h"

namespace orthrus {

class RunFolder {
 public:
  // Takes the folder for this process, creating it where needed. Throws kResource when it cannot be
  // written, or another process trains there. Half-written files of a process that was killed are
  // removed.
  explicit RunFolder(std::filesystem::path folder);
  // Removes a folder that was created here and never kept: a training that could not begin leaves
  // nothing behind.
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  // A folder of its own in `parent`: the first free one of 0001, 0002, ... Throws kResource.
  [[nodiscard]] static std::unique_ptr<RunFolder> numbered(const std::filesystem::path& parent);

  // The training begins: from now on the folder stays.
  void keep();
  // Puts the checkpoints of an earlier training aside (checkpoints.before, where they replace those
  // of one yet earlier), so that a new one cannot be mistaken for it.
  void put_checkpoints_aside();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path log() const { return path_ / "train.log"; }
  [[nodiscard]] std::filesystem::path config() const { return path_ / "config.toml"; }
  [[nodiscard]] std::filesystem::path metrics() const { return path_ / "metrics.csv"; }
  [[nodiscard]] std::filesystem::path environment() const { return path_ / "environment.json"; }
  [[nodiscard]] std::filesystem::path checkpoints() const { return path_ / "checkpoints"; }
  [[nodiscard]] std::filesystem::path best() const { return path_ / "best.safetensors"; }
  [[nodiscard]] std::filesystem::path last() const { return path_ / "last.safetensors"; }

  // True when a training has begun there before.
  [[nodiscard]] bool holds_run() const;
  // Something to be told about the lock, or empty.
  [[nodiscard]] std::string lock_note() const;

  [[nodiscard]] static std::filesystem::path lock_path(const std::filesystem::path& folder);

 private:
  std::filesystem::path path_;
  bool created_ = false;
  bool kept_ = false;
  std::unique_ptr<FileLock> lock_;
};

}  // namespace orthrus
