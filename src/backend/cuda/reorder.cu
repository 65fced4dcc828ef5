// Every layout of four dimensions is seen as strides of (N,C,H,W) or (O,I,H,W) and the sizes that
// are there with padding; the padding of the destination is filled with zeros.
#include "backend/cuda/cuda_check.h"
#include "backend/cuda/elementwise.h"
#include "backend/cuda/launch.h"
#include "backend/cuda/reorder.h"
#include "backend/cuda/vector_types.cuh"

namespace orthrus::cuda {
namespace {

struct Strided {
  int64_t sizes[4];    // with padding, in the order of the shape
  int64_t strides[4];  // in elements
};

Strided strided(const BufferDesc& desc) {
  const Shape& shape = desc.shape;
  const int64_t h = shape[2], w = shape[3];
  if (desc.layout == kChannelsLast) {
    const int64_t channels = padded_channels(shape[1]);
    const auto elements = static_cast<int64_t>(desc.size_bytes / size_of(desc.dtype));
    // Of weights the first dimension is padded too.
    return {{elements / (channels * h * w), channels, h, w},
            {h * w * channels, 1, w * channels, channels}};
  }
  if (desc.layout == kGroupedWeights) {
    return {{shape[0], shape[1], h, w}, {h * w * shape[1], 1, w * shape[1], shape[1]}};
  }
  return {{shape[0], shape[1], h, w}, {shape[1] * h * w, h * w, w, 1}};
}

// Thread by element of the destination, in the order in which it lies in memory.
template <typename From, typename To>
__global__ void reorder(const From* from, To* to, Strided source, Strided destination, int64_t dim0,
                        int64_t dim1, int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const bool last = destination.strides[1] == 1;  // channels last
  for (; i < count; i += step) {
    int64_t at[4], rest = i;
    if (last) {
      at[1] = rest % destination.sizes[1], rest /= destination.sizes[1];
      at[3] = rest % destination.sizes[3], rest /= destination.sizes[3];
      at[2] = rest % destination.sizes[2], at[0] = rest / destination.sizes[2];
    } else {
      at[3] = rest % destination.sizes[3], rest /= destination.sizes[3];
      at[2] = rest % destination.sizes[2], rest /= destination.sizes[2];
      at[1] = rest % destination.sizes[1], at[0] = rest / destination.sizes[1];
    }
    const bool real = at[0] < dim0 && at[1] < dim1;
    const int64_t place = at[0] * source.strides[0] + at[1] * source.strides[1] +
                          at[2] * source.strides[2] + at[3] * source.strides[3];
    to[i] = narrowed<To>(real ? widened(from[place]) : 0);
  }
}

// Pictures of up to eight channels, row-major float32, into channels last: a thread per pixel.
template <typename To>
__global__ void interleave_planes(const float* from, To* to, int channels, int64_t pixels,
                                  int64_t all_pixels) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < all_pixels; i += step) {
    const float* first = from + i / pixels * channels * pixels + i % pixels;
    float values[kVector];
#pragma unroll
    for (int c = 0; c < kVector; ++c) values[c] = c < channels ? first[c * pixels] : 0;
    store8(to + i * kVector, values);
  }
}

class CudaReorder : public Reorder {
 public:
  CudaReorder(CudaBackend& backend, const BufferDesc& from, const BufferDesc& to)
      : backend_(backend), from_(from), to_(to) {}

  void bind(const std::byte* from, std::byte* to, std::byte*) override {
    source_ = from;
    destination_ = to;
  }

  void run() override {
    const bool narrow = to_.dtype == DType::kBF16, narrow_source = from_.dtype == DType::kBF16;
    const bool picture = from_.shape.rank() == 4;
    const auto* floats = reinterpret_cast<const float*>(source_);
    if (from_.layout == to_.layout && from_.dtype == to_.dtype) {
      backend_.cuda().copy(source_, destination_, to_.size_bytes);
    } else if (from_.layout == to_.layout || !picture) {
      const auto count = static_cast<int64_t>(to_.size_bytes / size_of(to_.dtype));
      if (narrow) {
        launch_narrow(backend_.stream(), floats, destination_, count);
      } else {
        launch_widen(backend_.stream(), source_, reinterpret_cast<float*>(destination_), count);
      }
    } else if (from_.layout.plain() && to_.layout == kChannelsLast && !narrow_source &&
               from_.shape[1] <= kVector && !padded_first()) {
      if (narrow) {
        interleave<__nv_bfloat16>(floats);
      } else {
        interleave<float>(floats);
      }
    } else if (narrow_source) {
      const auto* source = reinterpret_cast<const __nv_bfloat16*>(source_);
      narrow ? launch<__nv_bfloat16>(source) : launch<float>(source);
    } else {
      narrow ? launch<__nv_bfloat16>(floats) : launch<float>(floats);
    }
  }

 private:
  bool padded_first() const { return strided(to_).sizes[0] != to_.shape[0]; }

  template <typename To>
  void interleave(const float* from) {
    const Shape& shape = from_.shape;
    const int64_t pixels = shape[2] * shape[3];
    interleave_planes<<<blocks_for(shape[0] * pixels), kThreads, 0, backend_.stream()>>>(
        from, reinterpret_cast<To*>(destination_), static_cast<int>(shape[1]), pixels,
        shape[0] * pixels);
    check(cudaGetLastError(), "interleave_planes");
  }

  template <typename To, typename From>
  void launch(const From* from) {
    const auto count = static_cast<int64_t>(to_.size_bytes / size_of(to_.dtype));
    reorder<<<blocks_for(count), kThreads, 0, backend_.stream()>>>(
        from, reinterpret_cast<To*>(destination_), strided(from_), strided(to_), to_.shape[0],
        to_.shape[1], count);
    check(cudaGetLastError(), "reorder");
  }

  CudaBackend& backend_;
  BufferDesc from_, to_;
  const std::byte* source_ = nullptr;
  std::byte* destination_ = nullptr;
};

}  // namespace

std::unique_ptr<Reorder> make_cuda_reorder(CudaBackend& backend, const BufferDesc& from,
                                           const BufferDesc& to) {
  // A plain buffer may be one that is seen under another shape; the layout's shape counts then.
  BufferDesc source = from, destination = to;
  if (from.layout.plain()) source.shape = to.shape;
  if (!from.layout.plain() && to.layout.plain()) destination.shape = from.shape;
  return std::make_unique<CudaReorder>(backend, source, destination);
}

}  // namespace orthrus::cuda
