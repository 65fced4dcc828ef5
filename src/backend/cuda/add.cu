// Sums of buffers, and copies between the two element types.
#include "backend/cuda/candidates.h"
#include "backend/cuda/cuda_check.h"
#include "backend/cuda/cuda_kernel.h"
#include "backend/cuda/elementwise.h"
#include "backend/cuda/launch.h"
#include "backend/cuda/vector_types.cuh"

namespace orthrus::cuda {
namespace {

// The last count % 8 elements are taken one by one.
template <typename T>
__global__ void add_elements(const T* a, const T* b, T* dst, int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  const int64_t thread = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int64_t vectors = count / kVector;
  for (int64_t i = thread; i < vectors; i += step) {
    float left[kVector], right[kVector];
    load8(a + i * kVector, left);
    load8(b + i * kVector, right);
#pragma unroll
    for (int j = 0; j < kVector; ++j) left[j] += right[j];
    store8(dst + i * kVector, left);
  }
  for (int64_t i = vectors * kVector + thread; i < count; i += step) {
    dst[i] = narrowed<T>(widened(a[i]) + widened(b[i]));
  }
}

template <typename From, typename To>
__global__ void convert_elements(const From* from, To* to, int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  const int64_t thread = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int64_t vectors = count / kVector;
  for (int64_t i = thread; i < vectors; i += step) {
    float values[kVector];
    load8(from + i * kVector, values);
    store8(to + i * kVector, values);
  }
  for (int64_t i = vectors * kVector + thread; i < count; i += step) {
    to[i] = narrowed<To>(widened(from[i]));
  }
}

template <typename T>
void add(cudaStream_t stream, size_t size_bytes, const std::byte* a, const std::byte* b,
         std::byte* dst) {
  const auto count = static_cast<int64_t>(size_bytes / sizeof(T));
  add_elements<<<blocks_for(count / kVector), kThreads, 0, stream>>>(
      reinterpret_cast<const T*>(a), reinterpret_cast<const T*>(b), reinterpret_cast<T*>(dst),
      count);
  check(cudaGetLastError(), "add_elements");
}

// What an addition takes: channels last where an input comes so, else plain float32.
BufferDesc joined_desc(const KernelRequest& request) {
  for (const BufferDesc& input : request.inputs) {
    if (input.layout == kChannelsLast) return input;
  }
  return plain_desc(request.inputs[0].shape);
}

class AddKernel : public CudaKernel {
 public:
  AddKernel(CudaBackend& backend, const KernelRequest& request) : CudaKernel(backend, request) {
    const BufferDesc desc = joined_desc(request);
    for (BufferDesc& input : inputs_) input = desc;
    output_ = desc;
    passes_gradient_through_ = true;
    implementation_ = "own";
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    for (size_t i = 0; i < inputs_.size(); ++i) {
      forward.reads.push_back({SlotKind::kInput, static_cast<int>(i)});
    }
    forward.writes = {{SlotKind::kOutput}};
    // The first two are added before anything else is written.
    forward.in_place = {{{SlotKind::kInput, 0}, {SlotKind::kOutput}}};
    if (inputs_.size() == 2) {
      forward.in_place.push_back({{SlotKind::kInput, 1}, {SlotKind::kOutput}});
    }
    forward.flops =
        static_cast<double>(desc.shape.elements()) * static_cast<double>(inputs_.size() - 1);
    steps_.push_back(std::move(forward));
  }

  void run(int step, const StepContext&) override {
    const StepBuffers& at = buffers(step);
    launch_add(stream(), output_, at.inputs[0], at.inputs[1], at.output);
    for (size_t i = 2; i < at.inputs.size(); ++i) {
      launch_add(stream(), output_, at.output, at.inputs[i], at.output);
    }
  }
};

}  // namespace

void launch_add(cudaStream_t stream, const BufferDesc& desc, const std::byte* a, const std::byte* b,
                std::byte* dst) {
  const auto launch = desc.dtype == DType::kBF16 ? add<__nv_bfloat16> : add<float>;
  launch(stream, desc.size_bytes, a, b, dst);
}

void launch_narrow(cudaStream_t stream, const float* from, std::byte* to, int64_t count) {
  convert_elements<<<blocks_for(count / kVector), kThreads, 0, stream>>>(
      from, reinterpret_cast<__nv_bfloat16*>(to), count);
  check(cudaGetLastError(), "convert_elements");
}

void launch_widen(cudaStream_t stream, const std::byte* from, float* to, int64_t count) {
  convert_elements<<<blocks_for(count / kVector), kThreads, 0, stream>>>(
      reinterpret_cast<const __nv_bfloat16*>(from), to, count);
  check(cudaGetLastError(), "convert_elements");
}

std::unique_ptr<Kernel> make_add(Backend& backend, const KernelRequest& request, Refusal& refusal) {
  if (request.inputs.size() < 2) {
    refusal = "a sum of one";
    return nullptr;
  }
  return std::make_unique<AddKernel>(as_cuda(backend), request);
}

}  // namespace orthrus::cuda
