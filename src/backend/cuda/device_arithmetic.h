// Kernels of CudaDevice: arithmetic on arrays of floats.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "backend/kernel.h"
#include "backend/update_rules.h"

namespace orthrus::cuda {

void launch_set_context(cudaStream_t stream, const StepContext& context, StepContext* to);
// As Device's functions of these names; `numbers` lies in the GPU's memory.
void launch_update(cudaStream_t stream, UpdateRule rule, const UpdateNumbers* numbers,
                   const float* gradient, float* first, float* second, float* weight,
                   int64_t count);
void launch_add_scaled(cudaStream_t stream, float factor, const float* values, float* sum,
                       int64_t count);
void launch_average(cudaStream_t stream, float decay, const float* weight, float* average,
                    int64_t count);

// Doubles of scratch for the next two; the result is the first of them.
inline constexpr int kReductionBlocks = 512;
void launch_sum_of_squares(cudaStream_t stream, const float* values, int64_t count,
                           double* scratch);
// The number of elements that are not finite, as a double.
void launch_count_non_finite(cudaStream_t stream, DType dtype, const std::byte* values,
                             int64_t count, double* scratch);

}  // namespace orthrus::cuda
