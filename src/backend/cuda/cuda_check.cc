#include "backend/cuda/cuda_check.h"

#include "base/error.h"

namespace orthrus::cuda {

void check(cudaError_t result, const char* what) {
  if (result == cudaSuccess) return;
  if (result == cudaErrorMemoryAllocation) {
    throw resource_error("{}: the GPU's memory is used up", what)
        .with_hint("a smaller --batch-size, or --precision bf16, needs less");
  }
  throw internal_error("{}: {}", what, cudaGetErrorString(result));
}

void check(cudnnStatus_t result, const char* what) {
  if (result == CUDNN_STATUS_SUCCESS) return;
  std::string message(512, '\0');
  cudnnGetLastErrorString(message.data(), message.size());
  throw internal_error("{}: {} {}", what, cudnnGetErrorString(result), message.c_str());
}

void check(cublasStatus_t result, const char* what) {
  if (result == CUBLAS_STATUS_SUCCESS) return;
  throw internal_error("{}: {}", what, cublasGetStatusString(result));
}

}  // namespace orthrus::cuda
