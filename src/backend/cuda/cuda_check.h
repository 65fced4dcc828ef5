// Results of CUDA's, cuDNN's and cuBLAS's functions as exceptions.
#pragma once

#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

namespace orthrus::cuda {

// Throws kResource for a lack of memory, kInternal for anything else, with the library's text.
// `what`: the call, for the message.
void check(cudaError_t result, const char* what);
void check(cudnnStatus_t result, const char* what);
void check(cublasStatus_t result, const char* what);

}  // namespace orthrus::cuda
