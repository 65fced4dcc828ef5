// Pooling: channels last in vectors of channels, or row-major float32 for whatever is unusual. Both
// directions gather, so that no two threads write to one place: backward, an input pixel looks at
// the windows that it is in. Averages over the whole picture have kernels of their own.
#include <cfloat>

#include "backend/cuda/candidates.h"
#include "backend/cuda/cuda_check.h"
#include "backend/cuda/cuda_kernel.h"
#include "backend/cuda/launch.h"
#include "backend/cuda/vector_types.cuh"

namespace orthrus::cuda {
namespace {

constexpr int kNoPixel = 255;  // in place of the number of a window's pixel

struct Windows {
  int height, width;  // of the picture
  int out_height, out_width;
  int kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w;
  PoolingKind kind;
  bool count_include_pad;

  // A window along one axis, cut off at the padded picture's end.
  struct Span {
    int start, begin, end, padded_length;
    __device__ int length() const { return max(end - begin, 0); }
  };
  __device__ static Span span(int index, int size, int kernel, int stride, int pad) {
    const int start = index * stride - pad, stop = min(start + kernel, size + pad);
    return {start, max(start, 0), min(stop, size), stop - start};
  }
  __device__ Span rows(int y) const { return span(y, height, kernel_h, stride_h, pad_h); }
  __device__ Span columns(int x) const { return span(x, width, kernel_w, stride_w, pad_w); }

  __device__ float divisor(const Span& r, const Span& c) const {
    if (kind == PoolingKind::kSum) return 1;
    const int pixels = r.length() * c.length();
    if (pixels == 0) return 1;
    return static_cast<float>(count_include_pad ? r.padded_length * c.padded_length : pixels);
  }

  // Windows [first, last] along an axis that pixel `at` may be in.
  __device__ static int first_window(int at, int kernel, int stride, int pad) {
    const int over = at + pad - kernel + 1;
    return over <= 0 ? 0 : (over + stride - 1) / stride;
  }
  __device__ static int last_window(int at, int stride, int pad, int count) {
    return min((at + pad) / stride, count - 1);
  }
};

// Of element i, of a picture's pixels in rows, `inner` numbers each.
struct Pixel {
  int64_t picture;
  int y, x, inner;
  __device__ Pixel(int64_t i, int height, int width, int inner_count) {
    inner = static_cast<int>(i % inner_count), i /= inner_count;
    x = static_cast<int>(i % width), i /= width;
    y = static_cast<int>(i % height), picture = i / height;
  }
};

// ---- channels last: a thread takes eight channels of a pixel ----------------------------------

template <typename T, bool kMax>
__global__ void pool(Windows windows, const T* src, T* dst, uint8_t* places, int columns,
                     int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) {
    const Pixel at(i, windows.out_height, windows.out_width, columns);
    const Windows::Span r = windows.rows(at.y), c = windows.columns(at.x);
    float result[kVector];
    int place[kVector];
#pragma unroll
    for (int k = 0; k < kVector; ++k) result[k] = kMax ? -FLT_MAX : 0, place[k] = kNoPixel;
    for (int y = r.begin; y < r.end; ++y) {
      for (int x = c.begin; x < c.end; ++x) {
        const int64_t pixel = (at.picture * windows.height + y) * windows.width + x;
        float values[kVector];
        load8(src + (pixel * columns + at.inner) * kVector, values);
        const int number = (y - r.start) * windows.kernel_w + x - c.start;
#pragma unroll
        for (int k = 0; k < kVector; ++k) {
          if constexpr (kMax) {
            if (place[k] == kNoPixel || values[k] > result[k]) {
              result[k] = values[k];
              place[k] = number;
            }
          } else {
            result[k] += values[k];
          }
        }
      }
    }
    if constexpr (!kMax) {
      const float divisor = windows.divisor(r, c);
#pragma unroll
      for (int k = 0; k < kVector; ++k) result[k] /= divisor;
    }
    store8(dst + i * kVector, result);
    if (kMax && places != nullptr) {
      uint32_t low = 0, high = 0;
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        low |= static_cast<uint32_t>(place[k]) << (8 * k);
        high |= static_cast<uint32_t>(place[k + 4]) << (8 * k);
      }
      reinterpret_cast<uint2*>(places)[i] = make_uint2(low, high);
    }
  }
}

template <typename T, bool kMax>
__global__ void pool_backward(Windows windows, const T* dy, T* dx, const uint8_t* places,
                              int columns, int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) {
    const Pixel at(i, windows.height, windows.width, columns);
    float sum[kVector] = {};
    const int last_y =
        Windows::last_window(at.y, windows.stride_h, windows.pad_h, windows.out_height);
    const int last_x =
        Windows::last_window(at.x, windows.stride_w, windows.pad_w, windows.out_width);
    int y = Windows::first_window(at.y, windows.kernel_h, windows.stride_h, windows.pad_h);
    for (; y <= last_y; ++y) {
      const Windows::Span r = windows.rows(y);
      int x = Windows::first_window(at.x, windows.kernel_w, windows.stride_w, windows.pad_w);
      for (; x <= last_x; ++x) {
        const Windows::Span c = windows.columns(x);
        const int64_t out =
            ((at.picture * windows.out_height + y) * windows.out_width + x) * columns + at.inner;
        float values[kVector];
        load8(dy + out * kVector, values);
        if constexpr (kMax) {
          const uint2 packed = reinterpret_cast<const uint2*>(places)[out];
          const auto number =
              static_cast<uint32_t>((at.y - r.start) * windows.kernel_w + at.x - c.start);
#pragma unroll
          for (int k = 0; k < kVector; ++k) {
            const uint32_t word = k < 4 ? packed.x : packed.y;
            if ((word >> (8 * (k % 4)) & 0xFF) == number) sum[k] += values[k];
          }
        } else {
          const float divisor = windows.divisor(r, c);
#pragma unroll
          for (int k = 0; k < kVector; ++k) sum[k] += values[k] / divisor;
        }
      }
    }
    store8(dx + i * kVector, sum);
  }
}

// Means (or sums) over the whole picture, into row-major floats (N,C): a warp-wide row of 32
// vectors of channels by 8 strides of pixels.
template <typename T>
__global__ void pool_whole(const T* src, float* dst, int pixels, int columns, int channels,
                           float divisor) {
  __shared__ float shared[8][32][kVector + 1];
  const int column = static_cast<int>(blockIdx.x * 32 + threadIdx.x);
  float sum[kVector] = {};
  if (column < columns) {
    const T* picture = src + static_cast<int64_t>(blockIdx.y) * pixels * columns * kVector;
    for (int pixel = static_cast<int>(threadIdx.y); pixel < pixels; pixel += 8) {
      float values[kVector];
      load8(picture + (static_cast<int64_t>(pixel) * columns + column) * kVector, values);
#pragma unroll
      for (int k = 0; k < kVector; ++k) sum[k] += values[k];
    }
  }
#pragma unroll
  for (int k = 0; k < kVector; ++k) shared[threadIdx.y][threadIdx.x][k] = sum[k];
  __syncthreads();
  if (threadIdx.y != 0 || column >= columns) return;
  for (int k = 0; k < kVector; ++k) {
    float total = 0;
    for (int row = 0; row < 8; ++row) total += shared[row][threadIdx.x][k];
    const int channel = column * kVector + k;
    if (channel < channels) {
      dst[static_cast<int64_t>(blockIdx.y) * channels + channel] = total / divisor;
    }
  }
}

template <typename T>
__global__ void pool_whole_backward(const float* dy, T* dx, int pixels, int columns, int channels,
                                    float divisor, int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) {
    const auto column = static_cast<int>(i % columns);
    const float* row = dy + i / columns / pixels * channels;
    float values[kVector];
#pragma unroll
    for (int k = 0; k < kVector; ++k) {
      const int channel = column * kVector + k;
      values[k] = channel < channels ? row[channel] / divisor : 0;
    }
    store8(dx + i * kVector, values);
  }
}

// ---- row-major float32: a thread takes one element --------------------------------------------

// Position in the plane of a window's largest pixel, the first of equal ones; -1 without any.
__device__ int place_of_max(const Windows& windows, const float* plane, const Windows::Span& r,
                            const Windows::Span& c) {
  int best = -1;
  for (int y = r.begin; y < r.end; ++y) {
    for (int x = c.begin; x < c.end; ++x) {
      const int at = y * windows.width + x;
      if (best < 0 || plane[at] > plane[best]) best = at;
    }
  }
  return best;
}

__global__ void pool_plain(Windows windows, const float* src, float* dst, int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) {
    const Pixel at(i, windows.out_height, windows.out_width, 1);
    const float* plane = src + at.picture * windows.height * windows.width;
    const Windows::Span r = windows.rows(at.y), c = windows.columns(at.x);
    if (windows.kind == PoolingKind::kMax) {
      const int best = place_of_max(windows, plane, r, c);
      dst[i] = best < 0 ? -FLT_MAX : plane[best];
      continue;
    }
    double sum = 0;
    for (int y = r.begin; y < r.end; ++y) {
      for (int x = c.begin; x < c.end; ++x) sum += plane[y * windows.width + x];
    }
    dst[i] = static_cast<float>(sum / windows.divisor(r, c));
  }
}

__global__ void pool_plain_backward(Windows windows, const float* src, const float* dy, float* dx,
                                    int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) {
    const Pixel at(i, windows.height, windows.width, 1);
    const float* plane = src + at.picture * windows.height * windows.width;
    double sum = 0;
    const int last_y =
        Windows::last_window(at.y, windows.stride_h, windows.pad_h, windows.out_height);
    const int last_x =
        Windows::last_window(at.x, windows.stride_w, windows.pad_w, windows.out_width);
    int y = Windows::first_window(at.y, windows.kernel_h, windows.stride_h, windows.pad_h);
    for (; y <= last_y; ++y) {
      int x = Windows::first_window(at.x, windows.kernel_w, windows.stride_w, windows.pad_w);
      for (; x <= last_x; ++x) {
        const Windows::Span r = windows.rows(y), c = windows.columns(x);
        const double gradient = dy[(at.picture * windows.out_height + y) * windows.out_width + x];
        if (windows.kind == PoolingKind::kMax) {
          const bool own = place_of_max(windows, plane, r, c) == at.y * windows.width + at.x;
          sum += own ? gradient : 0;
        } else {
          sum += gradient / windows.divisor(r, c);
        }
      }
    }
    dx[i] = static_cast<float>(sum);
  }
}

// ---- the kernel -------------------------------------------------------------------------------

Windows windows_of(const Pooling& op, const Shape& src, const Shape& dst) {
  const auto number = [](int64_t value) { return static_cast<int>(value); };
  Windows windows{.height = number(src[2]),
                  .width = number(src[3]),
                  .out_height = number(dst[2]),
                  .out_width = number(dst[3]),
                  .kernel_h = number(op.kernel.h),
                  .kernel_w = number(op.kernel.w),
                  .stride_h = number(op.stride.h),
                  .stride_w = number(op.stride.w),
                  .pad_h = number(op.pad.h),
                  .pad_w = number(op.pad.w),
                  .kind = op.kind,
                  .count_include_pad = op.count_include_pad};
  if (op.global) {
    windows.kernel_h = windows.height, windows.kernel_w = windows.width;
    windows.stride_h = windows.stride_w = 1;
    windows.pad_h = windows.pad_w = 0;
  }
  return windows;
}

class PoolingKernel : public CudaKernel {
 public:
  PoolingKernel(CudaBackend& backend, const KernelRequest& request)
      : CudaKernel(backend, request),
        windows_(windows_of(std::get<Pooling>(request.node.op), inputs_[0].shape, output_.shape)) {
    const bool max = windows_.kind == PoolingKind::kMax;
    // A window of padding alone has a value that bfloat16 does not hold.
    const bool all_inside =
        (windows_.out_height - 1) * windows_.stride_h - windows_.pad_h < windows_.height &&
        (windows_.out_width - 1) * windows_.stride_w - windows_.pad_w < windows_.width &&
        windows_.pad_h < windows_.kernel_h && windows_.pad_w < windows_.kernel_w;
    const bool countable = windows_.kernel_h * windows_.kernel_w < kNoPixel;
    vectors_ = inputs_[0].layout == kChannelsLast && (!max || (all_inside && countable));
    whole_ = vectors_ && !max && std::get<Pooling>(request.node.op).global;
    if (!vectors_) inputs_[0] = plain_desc(inputs_[0].shape);
    output_ = vectors_ && !whole_ ? channels_last(output_.shape, inputs_[0].dtype)
                                  : plain_desc(output_.shape);
    columns_ = static_cast<int>(padded_channels(inputs_[0].shape[1]) / kVector);
    implementation_ = inputs_[0].dtype == DType::kBF16 ? "own:bf16" : "own";
    describe_steps(request, max);
  }

  void run(int step, const StepContext&) override {
    const bool bf16 = inputs_[0].dtype == DType::kBF16;
    if (!vectors_) {
      run_plain(step);
    } else if (bf16) {
      run_vectors<__nv_bfloat16>(step);
    } else {
      run_vectors<float>(step);
    }
  }

 private:
  void describe_steps(const KernelRequest& request, bool max) {
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    forward.reads = {{SlotKind::kInput, 0}};
    forward.writes = {{SlotKind::kOutput}};
    forward.flops =
        static_cast<double>(output_.shape.elements()) * windows_.kernel_h * windows_.kernel_w;
    const bool backward_follows = request.any_gradient();
    KernelStep backward{.name = "backward", .phase = Phase::kBackward};
    backward.reads = {{SlotKind::kOutputGradient}};
    backward.writes = {{SlotKind::kInputGradient, 0}};
    backward.flops = forward.flops;
    if (max && vectors_ && backward_follows) {
      const auto elements = static_cast<int64_t>(output_.size_bytes / size_of(output_.dtype));
      saved_ = {plain_desc({elements}, DType::kU8)};
      forward.writes.push_back({SlotKind::kSaved, 0});
      backward.reads.push_back({SlotKind::kSaved, 0});
    } else if (max) {
      backward.reads.push_back({SlotKind::kInput, 0});
    }
    steps_.push_back(std::move(forward));
    if (backward_follows) steps_.push_back(std::move(backward));
  }

  template <typename T>
  void run_vectors(int step) {
    const StepBuffers& at = buffers(step);
    const auto as = [](std::byte* address) { return reinterpret_cast<T*>(address); };
    const bool max = windows_.kind == PoolingKind::kMax;
    auto* places = saved_.empty() ? nullptr : reinterpret_cast<uint8_t*>(at.saved[0]);
    const Shape& src = inputs_[0].shape;
    const int pixels = windows_.height * windows_.width, channels = static_cast<int>(src[1]);
    const float divisor = windows_.kind == PoolingKind::kSum ? 1 : static_cast<float>(pixels);
    const int64_t inputs = src[0] * pixels * columns_;
    const int64_t outputs = src[0] * windows_.out_height * windows_.out_width * columns_;
    if (whole_ && step == 0) {
      const dim3 grid(static_cast<unsigned>((columns_ + 31) / 32), static_cast<unsigned>(src[0]));
      pool_whole<T><<<grid, dim3(32, 8), 0, stream()>>>(as(at.inputs[0]),
                                                        reinterpret_cast<float*>(at.output), pixels,
                                                        columns_, channels, divisor);
    } else if (whole_) {
      pool_whole_backward<T><<<blocks_for(inputs), kThreads, 0, stream()>>>(
          reinterpret_cast<const float*>(at.output_gradient), as(at.input_gradients[0]), pixels,
          columns_, channels, divisor, inputs);
    } else if (step == 0 && max) {
      pool<T, true><<<blocks_for(outputs), kThreads, 0, stream()>>>(
          windows_, as(at.inputs[0]), as(at.output), places, columns_, outputs);
    } else if (step == 0) {
      pool<T, false><<<blocks_for(outputs), kThreads, 0, stream()>>>(
          windows_, as(at.inputs[0]), as(at.output), places, columns_, outputs);
    } else if (max) {
      pool_backward<T, true><<<blocks_for(inputs), kThreads, 0, stream()>>>(
          windows_, as(at.output_gradient), as(at.input_gradients[0]), places, columns_, inputs);
    } else {
      pool_backward<T, false><<<blocks_for(inputs), kThreads, 0, stream()>>>(
          windows_, as(at.output_gradient), as(at.input_gradients[0]), places, columns_, inputs);
    }
    check(cudaGetLastError(), "pool");
  }

  void run_plain(int step) {
    const StepBuffers& at = buffers(step);
    const auto floats = [](std::byte* address) { return reinterpret_cast<float*>(address); };
    if (step == 0) {
      const int64_t count = output_.shape.elements();
      pool_plain<<<blocks_for(count), kThreads, 0, stream()>>>(windows_, floats(at.inputs[0]),
                                                               floats(at.output), count);
    } else {
      const int64_t count = inputs_[0].shape.elements();
      const float* src = windows_.kind == PoolingKind::kMax ? floats(at.inputs[0]) : nullptr;
      pool_plain_backward<<<blocks_for(count), kThreads, 0, stream()>>>(
          windows_, src, floats(at.output_gradient), floats(at.input_gradients[0]), count);
    }
    check(cudaGetLastError(), "pool_plain");
  }

  Windows windows_;
  bool vectors_ = false;  // channels last
  bool whole_ = false;    // an average or sum over the whole picture
  int columns_ = 0;       // vectors of channels
};

}  // namespace

std::unique_ptr<Kernel> make_pooling(Backend& backend, const KernelRequest& request, Refusal&) {
  return std::make_unique<PoolingKernel>(as_cuda(backend), request);
}

}  // namespace orthrus::cuda
