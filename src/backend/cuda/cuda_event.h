// An event of CUDA that is destroyed with its owner, whatever is thrown.
#pragma once

#include <cuda_runtime_api.h>

#include "backend/cuda/cuda_check.h"

namespace orthrus::cuda {

class CudaEvent {
 public:
  explicit CudaEvent(unsigned flags = cudaEventDefault) {
    check(cudaEventCreateWithFlags(&event_, flags), "cudaEventCreate");
  }
  ~CudaEvent() { cudaEventDestroy(event_); }
  CudaEvent(const CudaEvent&) = delete;
  CudaEvent& operator=(const CudaEvent&) = delete;

  [[nodiscard]] cudaEvent_t get() const { return event_; }
  void record(cudaStream_t stream) { check(cudaEventRecord(event_, stream), "cudaEventRecord"); }
  void wait() const { check(cudaEventSynchronize(event_), "cudaEventSynchronize"); }

 private:
  cudaEvent_t event_ = nullptr;
};

// From one event to a later one, both past.
[[nodiscard]] inline float milliseconds_between(const CudaEvent& start, const CudaEvent& stop) {
  float milliseconds = 0;
  check(cudaEventElapsedTime(&milliseconds, start.get(), stop.get()), "cudaEventElapsedTime");
  return milliseconds;
}

}  // namespace orthrus::cuda
