// The GPU's backend: NVIDIA's cuDNN and cuBLAS, and own kernels for what lies between.
//
// Pictures' activations lie channels last, in bfloat16 or float32, and a convolution's weights
// likewise (output channel, row, column, input channel). In that layout the number of channels, and
// of a weight both numbers of channels, is rounded up to a multiple of kChannelStep, so that 16
// bytes can be read at a time and tensor cores can be used; what is added is always zero.
#pragma once

#include "backend/backend.h"
#include "backend/cuda/convolution_plans.h"
#include "backend/cuda/cuda_device.h"

namespace orthrus::cuda {

inline constexpr int64_t kChannelStep = 8;
[[nodiscard]] constexpr int64_t padded_channels(int64_t channels) {
  return (channels + kChannelStep - 1) / kChannelStep * kChannelStep;
}

// Rank 4: (N,C,H,W) as N,H,W,C, or weights (O,I,H,W) as O,H,W,I, with padded channels.
inline constexpr Layout kChannelsLast{1};
// Weights (O,1,H,W) of a convolution with groups: O,H,W,1, nothing padded.
inline constexpr Layout kGroupedWeights{2};

class CudaBackend : public Backend {
 public:
  explicit CudaBackend(const CudaOptions& options);

  [[nodiscard]] std::string_view name() const override { return "cuda"; }
  [[nodiscard]] Device& device() override { return device_; }
  [[nodiscard]] std::span<const KernelCandidate> candidates(const Op& op) const override;
  [[nodiscard]] std::string layout_name(const BufferDesc& desc) const override;
  [[nodiscard]] bool same_bytes(const BufferDesc& from, const BufferDesc& to) const override;
  [[nodiscard]] std::unique_ptr<Reorder> make_reorder(const BufferDesc& from,
                                                      const BufferDesc& to) override;
  void add(const BufferDesc& desc, const std::byte* a, const std::byte* b, std::byte* dst) override;

  [[nodiscard]] const CudaOptions& options() const { return options_; }
  [[nodiscard]] CudaDevice& cuda() { return device_; }
  [[nodiscard]] cudaStream_t stream() const { return device_.stream(); }
  [[nodiscard]] ConvolutionPlans& convolution_plans() { return convolution_plans_; }

  // A 4-dimensional activation, channels last in the type of the options.
  [[nodiscard]] BufferDesc activation(const Shape& shape) const;

 private:
  CudaOptions options_;
  CudaDevice device_;
  ConvolutionPlans convolution_plans_;
};

// (N,C,H,W) or (O,I,H,W), channels last with padded channels.
[[nodiscard]] BufferDesc channels_last(const Shape& shape, DType dtype, bool weights = false);

inline CudaBackend& as_cuda(Backend& backend) {
  return static_cast<CudaBackend&>(backend);
}

}  // namespace orthrus::cuda
