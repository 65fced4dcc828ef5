#include "data/batch_queue.h"

#include <system_error>
#include <utility>

#include "base/error.h"

namespace orthrus {

BatchQueue::BatchQueue(Work work, int threads)
    : work_(std::move(work)),
      // One that is consumed next, one behind it, and enough for every thread to have a slot.
      depth_(2 + static_cast<size_t>(threads / work_.slots)),
      next_(work_.begin) {
  threads_.reserve(static_cast<size_t>(threads));
  try {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
  } catch (const std::system_error& error) {
    stop();
    throw resource_error("loader thread {} of {} cannot be started: {}", threads_.size() + 1,
                         threads, error.what());
  }
}

BatchQueue::~BatchQueue() {
  stop();
}

void BatchQueue::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  work_changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

BatchQueue::InFlight* BatchQueue::wait_for_work(std::unique_lock<std::mutex>& lock) {
  while (!stopping_) {
    for (InFlight& flight : in_flight_) {
      if (flight.dealt < work_.slots) return &flight;
    }
    if (next_ == work_.end) return nullptr;
    if (in_flight_.size() < depth_) {
      InFlight& flight = in_flight_.emplace_back();
      flight.number = next_++;
      if (!spare_.empty()) {
        flight.batch = std::move(spare_.back());
        spare_.pop_back();
      }
      try {
        work_.prepare(flight.number, flight.batch);
      } catch (...) {
        flight.failure = std::current_exception();
        flight.dealt = flight.finished = work_.slots;
        batch_finished_.notify_all();
      }
      continue;
    }
    work_changed_.wait(lock);
  }
  return nullptr;
}

void BatchQueue::run() {
  PictureBuffers buffers;
  std::unique_lock lock(mutex_);
  while (InFlight* flight = wait_for_work(lock)) {
    const int slot = flight->dealt++;
    work_changed_.notify_all();  // the other threads' next slot may need a new batch now
    std::exception_ptr failure;
    lock.unlock();
    try {
      work_.make_slot(flight->number, slot, buffers, flight->batch);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    if (failure && (!flight->failure || slot < flight->failed_slot)) {
      flight->failure = failure;
      flight->failed_slot = slot;
    }
    if (++flight->finished == work_.slots) batch_finished_.notify_all();
  }
}

void BatchQueue::take(Batch& batch) {
  std::unique_lock lock(mutex_);
  batch_finished_.wait(
      lock, [&] { return !in_flight_.empty() && in_flight_.front().finished == work_.slots; });
  InFlight& first = in_flight_.front();
  if (first.failure) std::rethrow_exception(first.failure);
  std::swap(batch, first.batch);
  spare_.push_back(std::move(first.batch));
  in_flight_.pop_front();
  work_changed_.notify_all();
}

}  // namespace orthrus
