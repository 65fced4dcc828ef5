// BatchQueue: background threads that make batches ahead of their consumer and hand them over in
// order. What a batch holds is the caller's business; the work is dealt out slot by slot, so that
// all threads work on the batch that is wanted next.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "data/batch.h"
#include "data/picture_source.h"

namespace orthrus {

class BatchQueue {
 public:
  struct Work {
    std::function<void(uint64_t batch, Batch& into)> prepare;  // shapes; once per batch
    std::function<void(uint64_t batch, int slot, PictureBuffers& buffers, Batch& into)> make_slot;
    int slots = 1;  // per batch
    uint64_t begin = 0;
    uint64_t end = 0;  // batches [begin, end)
  };

  BatchQueue(Work work, int threads);
  ~BatchQueue();  // waits for the slots being made
  BatchQueue(const BatchQueue&) = delete;
  BatchQueue& operator=(const BatchQueue&) = delete;

  // Swaps the next batch into `batch`, whose tensors are written to later. Throws what its slot of
  // the lowest number threw. To be called once per batch.
  void take(Batch& batch);

 private:
  struct InFlight {
    uint64_t number = 0;
    Batch batch;
    int dealt = 0;     // slots given to a thread
    int finished = 0;  // slots made, or failed
    int failed_slot = -1;
    std::exception_ptr failure;
  };

  void run();
  void stop();
  // A batch with a slot to make, waiting for one; nullptr when there is nothing more to do.
  [[nodiscard]] InFlight* wait_for_work(std::unique_lock<std::mutex>& lock);

  Work work_;
  size_t depth_;      // batches in flight
  std::mutex mutex_;  // guards all below but threads_
  std::condition_variable work_changed_;
  std::condition_variable batch_finished_;
  std::deque<InFlight> in_flight_;  // a deque: references stay valid while others come and go
  std::vector<Batch> spare_;
  uint64_t next_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace orthrus
