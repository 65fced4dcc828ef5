// The passes of BatchNorm. Each is bound by memory: a thread owns the same few channels in all the
// rows that it visits, keeps their numbers in registers, and has several rows in flight.
#include <type_traits>

#include "backend/cuda/batch_norm_kernels.h"
#include "backend/cuda/cuda_check.h"
#include "backend/cuda/vector_types.cuh"

namespace orthrus::cuda {
namespace {

constexpr int kBlock = 256;        // threads
constexpr int kAhead = 4;          // rows in flight
constexpr int kGradientAhead = 2;  // of gradients: there are up to four arrays
// Blocks that share a multiprocessor: while one adds up its threads' sums the others read on.
// Gradients take more registers.
constexpr int kShare = 3;
constexpr int kGradientShare = 2;

// ---- which thread has which rows and channels -----------------------------------------------

// V elements per access: kVector, or 1 where the channels are no multiple of it.
template <int V>
struct Place {
  int tile;  // columns of V channels in a block
  int rows_in_block;
  int row_in_block;
  int column;
  bool active;
  int64_t first_row, step;

  __device__ explicit Place(int channels) {
    const int columns = channels / V;
    tile = min(columns, kBlock);
    rows_in_block = kBlock / tile;
    row_in_block = static_cast<int>(threadIdx.x) / tile;
    column = static_cast<int>(threadIdx.x) % tile + static_cast<int>(blockIdx.y) * tile;
    active = row_in_block < rows_in_block && column < columns;
    first_row = static_cast<int64_t>(blockIdx.x) * rows_in_block + row_in_block;
    step = static_cast<int64_t>(gridDim.x) * rows_in_block;
  }
};

template <int V>
dim3 grid_of(const NormMatrix& matrix, int64_t most_blocks) {
  const int columns = matrix.channels / V, tile = columns < kBlock ? columns : kBlock;
  const int64_t rows_in_block = kBlock / tile;
  int64_t blocks = (matrix.rows + rows_in_block * kAhead - 1) / (rows_in_block * kAhead);
  blocks = blocks < most_blocks ? blocks : most_blocks;
  return {static_cast<unsigned>(blocks), static_cast<unsigned>((columns + tile - 1) / tile)};
}

// V elements as they lie in memory.
template <typename T, int V>
struct Raw {
  std::conditional_t<V == kVector, Raw8<T>, T> elements;

  __device__ void load(const T* from) {
    if constexpr (V == kVector) {
      elements = load_raw8(from);
    } else {
      elements = from[0];
    }
  }
  __device__ void widen(float (&values)[V]) const {
    if constexpr (V == kVector) {
      widen8(elements, values);
    } else {
      values[0] = widened(elements);
    }
  }
};

template <typename T, int V>
__device__ void load(const T* from, float (&values)[V]) {
  Raw<T, V> raw;
  raw.load(from);
  raw.widen(values);
}
template <typename T, int V>
__device__ void store(T* to, const float (&values)[V]) {
  if constexpr (V == kVector) {
    store8(to, values);
  } else {
    to[0] = narrowed<T>(values[0]);
  }
}

// ---- numbers per channel ----------------------------------------------------------------------

struct ChannelNumbers {
  float mean = 0, inverse = 0, scale = 0, shift = 0;
};

// The same in forward and backward, so that a mask that is computed again agrees.
__device__ ChannelNumbers numbers_of(const NormMatrix& matrix, const NormParameters& parameters,
                                     const float* statistics, int channel) {
  ChannelNumbers numbers;
  if (channel >= matrix.real_channels) return numbers;
  numbers.mean = statistics[channel];
  numbers.inverse = statistics[matrix.channels + channel];
  const float gamma = parameters.fix_gamma ? 1.0F : parameters.gamma[channel];
  numbers.scale = __fmul_rn(numbers.inverse, gamma);
  numbers.shift = __fmaf_rn(-numbers.mean, numbers.scale, parameters.beta[channel]);
  return numbers;
}

// Adds up a block's sums by channel, in a fixed order, and stores them as one row of partial sums.
template <int V>
__device__ void store_partial_sums(const Place<V>& place, int channels, const float (&first)[V],
                                   const float (&second)[V], float* partial) {
  __shared__ float shared[2][kBlock * V];
  if (place.active) {
#pragma unroll
    for (int i = 0; i < V; ++i) {
      shared[0][threadIdx.x * V + i] = first[i];
      shared[1][threadIdx.x * V + i] = second[i];
    }
  }
  __syncthreads();
  const int in_tile = place.tile * V;
  const int begin = static_cast<int>(blockIdx.y) * in_tile;
  for (int i = static_cast<int>(threadIdx.x); i < 2 * in_tile; i += kBlock) {
    const int which = i / in_tile, channel = i % in_tile;
    if (begin + channel >= channels) continue;
    float sum = 0;
    for (int row = 0; row < place.rows_in_block; ++row) {
      sum += shared[which][row * in_tile + channel];
    }
    partial[(static_cast<int64_t>(which) * gridDim.x + blockIdx.x) * channels + begin + channel] =
        sum;
  }
}

// The sums of all blocks for 32 channels at a time: a block of 32 x 32 threads.
struct Totals {
  double first, second;
};
__device__ Totals add_partial_sums(const float* partial, int rows, int channels, int channel) {
  __shared__ double shared[2][32][33];
  double sums[2] = {0, 0};
  if (channel < channels) {
    for (int which = 0; which < 2; ++which) {
      const float* column = partial + static_cast<int64_t>(which) * rows * channels + channel;
      double sum = 0;
#pragma unroll 4
      for (int row = static_cast<int>(threadIdx.y); row < rows; row += 32) {
        sum += static_cast<double>(column[static_cast<int64_t>(row) * channels]);
      }
      sums[which] = sum;
    }
  }
  for (int which = 0; which < 2; ++which) shared[which][threadIdx.y][threadIdx.x] = sums[which];
  __syncthreads();
  Totals totals{0, 0};
  if (threadIdx.y == 0) {
    for (int row = 0; row < 32; ++row) {
      totals.first += shared[0][row][threadIdx.x];
      totals.second += shared[1][row][threadIdx.x];
    }
  }
  return totals;
}

// ---- forward --------------------------------------------------------------------------------

// Relative to each channel's first value, so that a large mean costs no digits.
template <typename T, int V>
__global__ void __launch_bounds__(kBlock, kShare)
    sum_values(NormMatrix matrix, const T* x, float* partial) {
  const Place<V> place(matrix.channels);
  float first[V] = {}, second[V] = {};
  if (place.active) {
    float pivot[V];
    load<T, V>(x + place.column * V, pivot);
    // From the end: what the convolution before wrote last is still in the cache.
    const T* end = x + (matrix.rows - 1) * matrix.channels + place.column * V;
    for (int64_t row = place.first_row; row < matrix.rows; row += kAhead * place.step) {
      Raw<T, V> raw[kAhead];
#pragma unroll
      for (int k = 0; k < kAhead; ++k) {
        if (row + k * place.step >= matrix.rows) continue;
        raw[k].load(end - (row + k * place.step) * matrix.channels);
      }
#pragma unroll
      for (int k = 0; k < kAhead; ++k) {
        if (row + k * place.step >= matrix.rows) continue;
        float values[V];
        raw[k].widen(values);
#pragma unroll
        for (int i = 0; i < V; ++i) {
          const float shifted = values[i] - pivot[i];
          first[i] += shifted;
          second[i] = fmaf(shifted, shifted, second[i]);
        }
      }
    }
  }
  store_partial_sums<V>(place, matrix.channels, first, second, partial);
}

template <typename T>
__global__ void finish_statistics(NormMatrix matrix, NormParameters parameters, int rows,
                                  const T* x, const float* partial, float* statistics) {
  const int channel = static_cast<int>(blockIdx.x * 32 + threadIdx.x);
  const Totals totals = add_partial_sums(partial, rows, matrix.channels, channel);
  if (threadIdx.y != 0 || channel >= matrix.channels) return;
  float mean = 0, inverse = 0;
  if (channel < matrix.real_channels) {
    const double count = static_cast<double>(matrix.rows);
    const double shifted = totals.first / count;
    const double variance = fmax(0.0, totals.second / count - shifted * shifted);
    mean = static_cast<float>(static_cast<double>(widened(x[channel])) + shifted);
    inverse = static_cast<float>(1 / sqrt(variance + parameters.eps));
    const double kept = parameters.momentum;
    float& moving_mean = parameters.moving_mean[channel];
    float& moving_variance = parameters.moving_variance[channel];
    moving_mean = static_cast<float>(kept * moving_mean + (1 - kept) * mean);
    moving_variance = static_cast<float>(kept * moving_variance + (1 - kept) * variance);
    // As MXNet does: what is saved is what was used.
    if (parameters.fix_gamma) parameters.gamma[channel] = 1;
  }
  statistics[channel] = mean;
  statistics[matrix.channels + channel] = inverse;
}

__global__ void take_running_statistics(NormMatrix matrix, NormParameters parameters,
                                        float* statistics) {
  const int channel = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (channel >= matrix.channels) return;
  const bool real = channel < matrix.real_channels;
  if (real && parameters.fix_gamma && parameters.training) parameters.gamma[channel] = 1;
  statistics[channel] = real ? parameters.moving_mean[channel] : 0;
  const double variance = real ? parameters.moving_variance[channel] : 1;
  statistics[matrix.channels + channel] =
      real ? static_cast<float>(1 / sqrt(variance + parameters.eps)) : 0;
}

template <typename T, int V, bool kAdds, bool kRelu, bool kMasks>
__global__ void __launch_bounds__(kBlock, kShare)
    normalise(NormMatrix matrix, NormParameters parameters, const float* statistics, const T* x,
              const T* residual, T* y, uint8_t* mask) {
  const Place<V> place(matrix.channels);
  if (!place.active) return;
  float scale[V], shift[V];
#pragma unroll
  for (int i = 0; i < V; ++i) {
    const ChannelNumbers numbers = numbers_of(matrix, parameters, statistics, place.column * V + i);
    scale[i] = numbers.scale;
    shift[i] = numbers.shift;
  }
  for (int64_t row = place.first_row; row < matrix.rows; row += kAhead * place.step) {
    Raw<T, V> raw[kAhead], raw_added[kAhead];
#pragma unroll
    for (int k = 0; k < kAhead; ++k) {
      if (row + k * place.step >= matrix.rows) continue;
      const int64_t at = (row + k * place.step) * matrix.channels + place.column * V;
      raw[k].load(x + at);
      if constexpr (kAdds) raw_added[k].load(residual + at);
    }
#pragma unroll
    for (int k = 0; k < kAhead; ++k) {
      if (row + k * place.step >= matrix.rows) continue;
      const int64_t at = (row + k * place.step) * matrix.channels + place.column * V;
      float values[V], added[V];
      raw[k].widen(values);
      if constexpr (kAdds) raw_added[k].widen(added);
      uint32_t bits = 0;
#pragma unroll
      for (int i = 0; i < V; ++i) {
        values[i] = __fmaf_rn(values[i], scale[i], shift[i]);
        if constexpr (kAdds) values[i] += added[i];
        if constexpr (kRelu) {
          const bool open = values[i] > 0;
          bits |= static_cast<uint32_t>(open) << i;
          // Not max(): what is no number stays one.
          values[i] = open || isnan(values[i]) ? values[i] : 0;
        }
      }
      store<T, V>(y + at, values);
      if constexpr (kMasks) mask[at / V] = static_cast<uint8_t>(bits);
    }
  }
}

// ---- backward -------------------------------------------------------------------------------

// What is read of V neighbouring elements to know g, the masked gradient.
template <typename T, int V>
struct GradientReads {
  Raw<T, V> dy, dy2, x;
  uint32_t open;

  __device__ void load(NormMask mask, const uint8_t* bits, const T* from_dy, const T* from_dy2,
                       const T* from_x, int64_t at) {
    dy.load(from_dy + at);
    x.load(from_x + at);
    if (from_dy2 != nullptr) dy2.load(from_dy2 + at);
    open = mask == NormMask::kBits ? bits[at / V] : 0;
  }
  // `values` gets x; a mask that is computed again looks at it.
  __device__ void take(NormMask mask, bool has_second, const float (&scale)[V],
                       const float (&shift)[V], float (&g)[V], float (&values)[V]) const {
    dy.widen(g);
    x.widen(values);
    if (has_second) {
      float second[V];
      dy2.widen(second);
#pragma unroll
      for (int i = 0; i < V; ++i) g[i] += second[i];
    }
    if (mask == NormMask::kNone) return;
#pragma unroll
    for (int i = 0; i < V; ++i) {
      const bool passes = mask == NormMask::kBits ? (open >> i & 1) != 0
                                                  : __fmaf_rn(values[i], scale[i], shift[i]) > 0;
      if (!passes) g[i] = 0;
    }
  }
};

template <typename T, int V, NormMask kMask>
__global__ void __launch_bounds__(kBlock, kGradientShare)
    sum_gradients(NormMatrix matrix, NormParameters parameters, const float* statistics,
                  const uint8_t* bits, const T* dy, const T* dy2, const T* x, T* masked,
                  float* partial) {
  const Place<V> place(matrix.channels);
  float first[V] = {}, second[V] = {};
  if (place.active) {
    float mean[V], scale[V], shift[V];
#pragma unroll
    for (int i = 0; i < V; ++i) {
      const ChannelNumbers numbers =
          numbers_of(matrix, parameters, statistics, place.column * V + i);
      mean[i] = numbers.mean;
      scale[i] = numbers.scale;
      shift[i] = numbers.shift;
    }
    // From the end, as the sums of forward.
    const int64_t end = (matrix.rows - 1) * matrix.channels + place.column * V;
    for (int64_t row = place.first_row; row < matrix.rows; row += kGradientAhead * place.step) {
      GradientReads<T, V> reads[kGradientAhead];
#pragma unroll
      for (int k = 0; k < kGradientAhead; ++k) {
        if (row + k * place.step >= matrix.rows) continue;
        reads[k].load(kMask, bits, dy, dy2, x, end - (row + k * place.step) * matrix.channels);
      }
#pragma unroll
      for (int k = 0; k < kGradientAhead; ++k) {
        if (row + k * place.step >= matrix.rows) continue;
        float g[V], values[V];
        reads[k].take(kMask, dy2 != nullptr, scale, shift, g, values);
        if (masked != nullptr) {
          store<T, V>(masked + end - (row + k * place.step) * matrix.channels, g);
        }
#pragma unroll
        for (int i = 0; i < V; ++i) {
          first[i] += g[i];
          second[i] = fmaf(g[i], values[i] - mean[i], second[i]);
        }
      }
    }
  }
  store_partial_sums<V>(place, matrix.channels, first, second, partial);
}

// With k1 and k0 of dx = scale * g + k1 * x + k0.
__global__ void finish_gradient(NormMatrix matrix, NormParameters parameters, int rows,
                                bool batch_statistics, const float* statistics,
                                const float* partial, float* factors, float* d_gamma,
                                float* d_beta) {
  const int channel = static_cast<int>(blockIdx.x * 32 + threadIdx.x);
  const Totals totals = add_partial_sums(partial, rows, matrix.channels, channel);
  if (threadIdx.y != 0 || channel >= matrix.channels) return;
  const ChannelNumbers numbers = numbers_of(matrix, parameters, statistics, channel);
  double k1 = 0, k0 = 0;
  if (batch_statistics) {
    const double count = static_cast<double>(matrix.rows), inverse = numbers.inverse;
    k1 = -numbers.scale * inverse * inverse * totals.second / count;
    k0 = -numbers.scale * totals.first / count - k1 * numbers.mean;
  }
  factors[channel] = static_cast<float>(k1);
  factors[matrix.channels + channel] = static_cast<float>(k0);
  if (channel >= matrix.real_channels) return;
  if (d_beta != nullptr) d_beta[channel] = static_cast<float>(totals.first);
  if (d_gamma != nullptr) {
    d_gamma[channel] =
        parameters.fix_gamma ? 0 : static_cast<float>(totals.second * numbers.inverse);
  }
}

template <typename T, int V, NormMask kMask>
__global__ void __launch_bounds__(kBlock, kGradientShare)
    apply_gradient(NormMatrix matrix, NormParameters parameters, const float* statistics,
                   const uint8_t* bits, const T* dy, const T* dy2, const T* x, const float* factors,
                   const T* addend, T* dx) {
  const Place<V> place(matrix.channels);
  if (!place.active) return;
  float scale[V], shift[V], k1[V], k0[V];
#pragma unroll
  for (int i = 0; i < V; ++i) {
    const int channel = place.column * V + i;
    const ChannelNumbers numbers = numbers_of(matrix, parameters, statistics, channel);
    scale[i] = numbers.scale;
    shift[i] = numbers.shift;
    k1[i] = factors[channel];
    k0[i] = factors[matrix.channels + channel];
  }
  for (int64_t row = place.first_row; row < matrix.rows; row += kGradientAhead * place.step) {
    GradientReads<T, V> reads[kGradientAhead];
    Raw<T, V> raw_added[kGradientAhead];
#pragma unroll
    for (int k = 0; k < kGradientAhead; ++k) {
      if (row + k * place.step >= matrix.rows) continue;
      const int64_t at = (row + k * place.step) * matrix.channels + place.column * V;
      reads[k].load(kMask, bits, dy, dy2, x, at);
      if (addend != nullptr) raw_added[k].load(addend + at);
    }
#pragma unroll
    for (int k = 0; k < kGradientAhead; ++k) {
      if (row + k * place.step >= matrix.rows) continue;
      float g[V], values[V], added[V] = {};
      reads[k].take(kMask, dy2 != nullptr, scale, shift, g, values);
      if (addend != nullptr) raw_added[k].widen(added);
#pragma unroll
      for (int i = 0; i < V; ++i) {
        g[i] = fmaf(g[i], scale[i], fmaf(values[i], k1[i], k0[i])) + added[i];
      }
      store<T, V>(dx + (row + k * place.step) * matrix.channels + place.column * V, g);
    }
  }
}

// ---- launches -------------------------------------------------------------------------------

template <typename T>
const T* as(const std::byte* address) {
  return reinterpret_cast<const T*>(address);
}
template <typename T>
T* as(std::byte* address) {
  return reinterpret_cast<T*>(address);
}

unsigned blocks_of_32(int channels) {
  return static_cast<unsigned>((channels + 31) / 32);
}

constexpr int64_t kMostBlocks = 132 * 6;

// Calls work<T, V>() for the matrix's element type and width of access.
template <typename Work>
void for_elements(const NormMatrix& matrix, const Work& work) {
  if (matrix.dtype == DType::kBF16) {
    work.template operator()<__nv_bfloat16, kVector>();
  } else if (matrix.vectors()) {
    work.template operator()<float, kVector>();
  } else {
    work.template operator()<float, 1>();
  }
}

}  // namespace

NormMatrix norm_matrix(int64_t rows, int channels, int real_channels, DType dtype,
                       int multiprocessors) {
  NormMatrix matrix{.rows = rows,
                    .channels = channels,
                    .real_channels = real_channels,
                    .dtype = dtype,
                    .sums = 1};
  const int columns = matrix.vectors() ? channels / kVector : channels;
  const int64_t rows_in_block = kBlock / (columns < kBlock ? columns : kBlock);
  // Enough rows for each that reading the sums back costs little.
  constexpr int64_t kRowsPerThread = 24;
  const int64_t wanted = rows / (rows_in_block * kRowsPerThread);
  const int64_t most = int64_t{multiprocessors} * 4;
  matrix.sums = static_cast<int>(wanted < 1 ? 1 : wanted < most ? wanted : most);
  return matrix;
}

void launch_batch_statistics(cudaStream_t stream, const NormMatrix& matrix,
                             const NormParameters& parameters, const std::byte* x, float* scratch,
                             float* statistics) {
  for_elements(matrix, [&]<typename T, int V>() {
    dim3 grid = grid_of<V>(matrix, matrix.sums);
    grid.x = static_cast<unsigned>(matrix.sums);
    sum_values<T, V><<<grid, kBlock, 0, stream>>>(matrix, as<T>(x), scratch);
    check(cudaGetLastError(), "sum_values");
    finish_statistics<T><<<blocks_of_32(matrix.channels), dim3(32, 32), 0, stream>>>(
        matrix, parameters, matrix.sums, as<T>(x), scratch, statistics);
    check(cudaGetLastError(), "finish_statistics");
  });
}

void launch_running_statistics(cudaStream_t stream, const NormMatrix& matrix,
                               const NormParameters& parameters, float* statistics) {
  const auto blocks = static_cast<unsigned>((matrix.channels + 255) / 256);
  take_running_statistics<<<blocks, 256, 0, stream>>>(matrix, parameters, statistics);
  check(cudaGetLastError(), "take_running_statistics");
}

void launch_normalise(cudaStream_t stream, const NormMatrix& matrix,
                      const NormParameters& parameters, const float* statistics, bool relu,
                      const std::byte* x, const std::byte* residual, std::byte* y, uint8_t* mask) {
  for_elements(matrix, [&]<typename T, int V>() {
    const dim3 grid = grid_of<V>(matrix, kMostBlocks);
    const auto launch = [&](auto kernel) {
      kernel<<<grid, kBlock, 0, stream>>>(matrix, parameters, statistics, as<T>(x), as<T>(residual),
                                          as<T>(y), mask);
      check(cudaGetLastError(), "normalise");
    };
    if (residual != nullptr && relu && mask != nullptr) {
      launch(normalise<T, V, true, true, true>);
    } else if (residual != nullptr && relu) {
      launch(normalise<T, V, true, true, false>);
    } else if (residual != nullptr) {
      launch(normalise<T, V, true, false, false>);
    } else if (relu) {
      launch(normalise<T, V, false, true, false>);
    } else {
      launch(normalise<T, V, false, false, false>);
    }
  });
}

void launch_gradient_sums(cudaStream_t stream, const NormMatrix& matrix,
                          const NormParameters& parameters, const NormGradient& gradient,
                          bool batch_statistics, std::byte* masked, float* scratch, float* d_gamma,
                          float* d_beta) {
  for_elements(matrix, [&]<typename T, int V>() {
    dim3 grid = grid_of<V>(matrix, matrix.sums);
    grid.x = static_cast<unsigned>(matrix.sums);
    const auto launch = [&](auto kernel) {
      kernel<<<grid, kBlock, 0, stream>>>(matrix, parameters, gradient.statistics, gradient.bits,
                                          as<T>(gradient.dy), as<T>(gradient.dy2),
                                          as<T>(gradient.x), as<T>(masked), scratch);
      check(cudaGetLastError(), "sum_gradients");
    };
    switch (gradient.mask) {
      case NormMask::kNone:
        launch(sum_gradients<T, V, NormMask::kNone>);
        break;
      case NormMask::kBits:
        launch(sum_gradients<T, V, NormMask::kBits>);
        break;
      case NormMask::kRecomputed:
        launch(sum_gradients<T, V, NormMask::kRecomputed>);
        break;
    }
  });
  float* factors = scratch + 2 * static_cast<int64_t>(matrix.sums) * matrix.channels;
  finish_gradient<<<blocks_of_32(matrix.channels), dim3(32, 32), 0, stream>>>(
      matrix, parameters, matrix.sums, batch_statistics, gradient.statistics, scratch, factors,
      d_gamma, d_beta);
  check(cudaGetLastError(), "finish_gradient");
}

void launch_gradient_apply(cudaStream_t stream, const NormMatrix& matrix,
                           const NormParameters& parameters, const NormGradient& gradient,
                           const float* scratch, const std::byte* addend, std::byte* dx) {
  const float* factors = scratch + 2 * static_cast<int64_t>(matrix.sums) * matrix.channels;
  for_elements(matrix, [&]<typename T, int V>() {
    const dim3 grid = grid_of<V>(matrix, kMostBlocks);
    const auto launch = [&](auto kernel) {
      kernel<<<grid, kBlock, 0, stream>>>(matrix, parameters, gradient.statistics, gradient.bits,
                                          as<T>(gradient.dy), as<T>(gradient.dy2),
                                          as<T>(gradient.x), factors, as<T>(addend), as<T>(dx));
      check(cudaGetLastError(), "apply_gradient");
    };
    switch (gradient.mask) {
      case NormMask::kNone:
        launch(apply_gradient<T, V, NormMask::kNone>);
        break;
      case NormMask::kBits:
        launch(apply_gradient<T, V, NormMask::kBits>);
        break;
      case NormMask::kRecomputed:
        launch(apply_gradient<T, V, NormMask::kRecomputed>);
        break;
    }
  });
}

}  // namespace orthrus::cuda
