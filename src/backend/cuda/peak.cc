// What a GPU reaches when it only multiplies matrices, or only copies: the roofs over every kernel.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "backend/cuda/cuda_check.h"
#include "backend/cuda/cuda_device.h"
#include "backend/cuda/cuda_event.h"
#include "base/random.h"

namespace orthrus {
namespace {

using cuda::check;

constexpr int kRepetitions = 10;

// Seconds of the fastest of several runs.
template <typename Work>
double fastest(cuda::CudaDevice& device, const Work& work) {
  cuda::CudaEvent start, stop;
  float best = 0;
  for (int i = 0; i < kRepetitions; ++i) {
    start.record(device.stream());
    work();
    stop.record(device.stream());
    stop.wait();
    const float milliseconds = cuda::milliseconds_between(start, stop);
    best = i == 0 ? milliseconds : std::min(best, milliseconds);
  }
  return static_cast<double>(best) / 1e3;
}

}  // namespace

GpuPeak measure_gpu_peak(const CudaOptions& options) {
  cuda::CudaDevice device(options.gpu);
  constexpr int kSize = 8192;
  constexpr size_t kCopied = size_t{1} << 30;
  const auto memory = device.allocate(2 * kCopied);
  // Random numbers: equal ones cost less power, and are multiplied faster.
  RandomStream random(1, StreamPurpose::kSynthetic, 0, 0);
  const bool bf16 = options.activations == DType::kBF16;
  std::vector<float> numbers(size_t{1} << 22);
  for (float& number : numbers) {
    const auto value = static_cast<float>(random.uniform(-1, 1));
    number = value;
    if (!bf16) continue;
    const std::array<uint16_t, 2> pair = {f32_to_bf16(value), f32_to_bf16(-value)};
    std::memcpy(&number, pair.data(), sizeof(number));
  }
  const std::span<const std::byte> pattern = std::as_bytes(std::span(numbers));
  for (size_t at = 0; at < kCopied; at += pattern.size()) {
    device.upload(pattern.data(), memory.get() + at, pattern.size());
  }
  const cudaDataType_t type = bf16 ? CUDA_R_16BF : CUDA_R_32F;
  const float one = 1, zero = 0;
  const double product = fastest(device, [&] {
    check(
        cublasGemmEx(device.cublas(), CUBLAS_OP_T, CUBLAS_OP_N, kSize, kSize, kSize, &one,
                     memory.get(), type, kSize, memory.get(), type, kSize, &zero,
                     memory.get() + kCopied, type, kSize, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
        "cublasGemmEx");
  });
  const double copy =
      fastest(device, [&] { device.copy(memory.get(), memory.get() + kCopied, kCopied); });
  return {.flops = 2.0 * kSize * kSize * kSize / product,
          .bandwidth = 2.0 * static_cast<double>(kCopied) / copy};
}

}  // namespace orthrus
