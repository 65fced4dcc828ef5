// Kernels over whole buffers that other kernels and the backend share.
#pragma once

#include <cuda_runtime_api.h>

#include "backend/kernel.h"

namespace orthrus::cuda {

// dst = a + b for buffers of that description, float32 or bfloat16; dst may be a or b.
void launch_add(cudaStream_t stream, const BufferDesc& desc, const std::byte* a, const std::byte* b,
                std::byte* dst);

// bfloat16 copies of `count` floats, and back.
void launch_narrow(cudaStream_t stream, const float* from, std::byte* to, int64_t count);
void launch_widen(cudaStream_t stream, const std::byte* from, float* to, int64_t count);

}  // namespace orthrus::cuda
