#include "backend/cuda/cuda_backend.h"

#include <fmt/format.h>

#include "backend/cuda/candidates.h"
#include "backend/cuda/elementwise.h"
#include "backend/cuda/lazy_libraries.h"
#include "backend/cuda/reorder.h"

namespace orthrus::cuda {

CudaBackend::CudaBackend(const CudaOptions& options)
    : options_(options),
      device_(options.gpu),
      convolution_plans_(device_, options.deterministic, options.cache) {}

std::span<const KernelCandidate> CudaBackend::candidates(const Op& op) const {
  return cuda_candidates(op);
}

std::string CudaBackend::layout_name(const BufferDesc& desc) const {
  if (desc.dtype == DType::kU8) return "bytes";
  const std::string type = desc.dtype == DType::kBF16 ? ":bf16" : "";
  if (desc.layout == kChannelsLast) return "nhwc" + type;
  if (desc.layout == kGroupedWeights) return "ohwi" + type;
  return "plain" + type;
}

bool CudaBackend::same_bytes(const BufferDesc& from, const BufferDesc& to) const {
  if (from == to) return true;
  if (from.dtype != to.dtype || from.size_bytes != to.size_bytes) return false;
  if (from.layout.plain() && to.layout.plain()) return true;
  // The channels of (N,C,1,1) are in order in every layout.
  const auto in_order = [](const BufferDesc& desc) {
    return desc.layout.plain() || (desc.layout == kChannelsLast && desc.shape.elements(2) == 1 &&
                                   desc.shape[1] % kChannelStep == 0);
  };
  return in_order(from) && in_order(to);
}

std::unique_ptr<Reorder> CudaBackend::make_reorder(const BufferDesc& from, const BufferDesc& to) {
  return make_cuda_reorder(*this, from, to);
}

void CudaBackend::add(const BufferDesc& desc, const std::byte* a, const std::byte* b,
                      std::byte* dst) {
  launch_add(stream(), desc, a, b, dst);
}

BufferDesc CudaBackend::activation(const Shape& shape) const {
  return channels_last(shape, options_.activations);
}

BufferDesc channels_last(const Shape& shape, DType dtype, bool weights) {
  const int64_t first = weights ? padded_channels(shape[0]) : shape[0];
  const int64_t elements = first * padded_channels(shape[1]) * shape[2] * shape[3];
  return {.shape = shape,
          .dtype = dtype,
          .layout = kChannelsLast,
          .size_bytes = checked_multiply(static_cast<size_t>(elements), size_of(dtype))};
}

}  // namespace orthrus::cuda

namespace orthrus {

std::unique_ptr<Backend> make_cuda_backend(const CudaOptions& options) {
  return std::make_unique<cuda::CudaBackend>(options);
}

CudaState cuda_state() {
  constexpr double kGibi = 1 << 30;
  CudaState state{.built = true, .gpus = {}, .libraries = {}, .problem = {}};
  int driver = 0, runtime = 0, count = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  const auto version = [](int number) {
    return fmt::format("{}.{}", number / 1000, number % 1000 / 10);
  };
  state.libraries = fmt::format("runtime {}, driver's {}", version(runtime),
                                driver == 0 ? "none" : version(driver));
  const cudaError_t result = cudaGetDeviceCount(&count);
  if (result != cudaSuccess) {
    state.problem = driver == 0 ? "no NVIDIA driver" : cudaGetErrorString(result);
    cudaGetLastError();
    return state;
  }
  state.problem = cuda::load_libraries();
  if (!state.problem.empty()) return state;
  const size_t cudnn = cudnnGetVersion();
  state.libraries += fmt::format(", cuDNN {}.{}.{}", cudnn / 10000, cudnn / 100 % 100, cudnn % 100);
  for (int gpu = 0; gpu < count; ++gpu) {
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, gpu) != cudaSuccess) break;
    state.gpus.push_back(fmt::format("{} ({:.1f} GiB)", properties.name,
                                     static_cast<double>(properties.totalGlobalMem) / kGibi));
  }
  if (state.gpus.empty()) state.problem = "the driver knows no GPU";
  return state;
}

}  // namespace orthrus
