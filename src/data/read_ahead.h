// ReadAhead: one background thread that reads files before they are wanted, so that a thread that
// decodes does not wait for the disk. It reads only; what is held is bounded in files and bytes,
// and filled up again when half of it is gone: a thread that woke for every file would take a core
// away from the engine all the time.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "data/picture_source.h"

namespace orthrus {

class ReadAhead {
 public:
  // Calls read(i) for i = 0..count-1 in this order. At least one file is held, however large.
  ReadAhead(std::function<FileContents(uint64_t)> read, uint64_t count, size_t max_files,
            size_t max_bytes);
  ~ReadAhead();  // waits for the file being read
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // The next file in order; waits for it. To be called at most `count` times.
  [[nodiscard]] FileContents take();

 private:
  void run(uint64_t count);
  [[nodiscard]] bool full() const {
    return held_.size() >= max_files_ || (held_bytes_ >= max_bytes_ && !held_.empty());
  }
  [[nodiscard]] bool half_empty() const {
    return held_.empty() || (held_.size() <= max_files_ / 2 && held_bytes_ <= max_bytes_ / 2);
  }

  std::function<FileContents(uint64_t)> read_;
  size_t max_files_, max_bytes_;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::deque<FileContents> held_;
  size_t held_bytes_ = 0;
  bool stopping_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace orthrus
