#include "data/read_ahead.h"

#include <exception>
#include <utility>

namespace orthrus {

ReadAhead::ReadAhead(std::function<FileContents(uint64_t)> read, uint64_t count, size_t max_files,
                     size_t max_bytes)
    : read_(std::move(read)),
      max_files_(max_files),
      max_bytes_(max_bytes),
      thread_([this, count] { run(count); }) {}

ReadAhead::~ReadAhead() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ReadAhead::run(uint64_t count) {
  try {
    for (uint64_t i = 0; i < count; ++i) {
      {
        std::unique_lock lock(mutex_);
        if (full()) changed_.wait(lock, [&] { return stopping_ || half_empty(); });
        if (stopping_) return;
      }
      FileContents contents = read_(i);
      const std::scoped_lock lock(mutex_);
      held_bytes_ += contents.bytes.size();
      held_.push_back(std::move(contents));
      changed_.notify_all();
    }
  } catch (...) {  // out of memory
    const std::scoped_lock lock(mutex_);
    failure_ = std::current_exception();
    changed_.notify_all();
  }
}

FileContents ReadAhead::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !held_.empty() || failure_; });
  if (held_.empty()) std::rethrow_exception(failure_);
  FileContents contents = std::move(held_.front());
  held_.pop_front();
  held_bytes_ -= contents.bytes.size();
  if (half_empty()) changed_.notify_all();
  return contents;
}

}  // namespace orthrus
