// The processor's backend: oneDNN's engine and stream, and the book of layouts. This header, like
// all of src/backend/cpu, may show oneDNN's types; nothing outside this folder does.
//
// A layout number stands for one complete oneDNN memory descriptor (shape, type and strides), so
// two buffers have the same layout exactly when their bytes are arranged in the same way.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/choice_cache.h"
#include "backend/cpu/vector_kernels.h"

namespace orthrus::cpu {

class CpuBackend : public Backend {
 public:
  explicit CpuBackend(const CpuOptions& options);

  [[nodiscard]] std::string_view name() const override { return "cpu"; }
  [[nodiscard]] std::span<const KernelCandidate> candidates(const Op& op) const override;
  [[nodiscard]] std::string layout_name(const BufferDesc& desc) const override;
  [[nodiscard]] bool same_bytes(const BufferDesc& from, const BufferDesc& to) const override;
  [[nodiscard]] std::unique_ptr<Reorder> make_reorder(const BufferDesc& from,
                                                      const BufferDesc& to) override;
  void add(const BufferDesc& desc, const std::byte* a, const std::byte* b, std::byte* dst) override;

  [[nodiscard]] const CpuOptions& options() const { return options_; }
  [[nodiscard]] dnnl::engine& engine() { return engine_; }
  [[nodiscard]] dnnl::stream& stream() { return stream_; }
  [[nodiscard]] const VectorKernels& vectors() const { return vectors_; }
  // Choices that were measured on this machine with this many threads.
  [[nodiscard]] ChoiceCache& measured_choices();

  // Channels per block of blocked activations: 16 with AVX-512, else 8.
  [[nodiscard]] int64_t channel_block() const { return channel_block_; }
  // A 4-dimensional activation in the type and layout in which convolutions are fastest.
  [[nodiscard]] BufferDesc activation(const Shape& shape);
  // A 4-dimensional float32 activation in channel blocks.
  [[nodiscard]] BufferDesc blocked(const Shape& shape);
  // Another 4-dimensional shape in the type and layout of `desc`, which is made of slabs.
  [[nodiscard]] BufferDesc like(const BufferDesc& desc, const Shape& shape);
  // Channels that lie side by side in an activation's layout: channel_block(), all of them where
  // they are last, 1 when plain; 0 for other layouts.
  [[nodiscard]] int64_t block_of(const BufferDesc& desc) const;
  [[nodiscard]] bool is_channels_last(const BufferDesc& desc) const;

  // The oneDNN descriptor of a buffer and back; `shape` is the buffer's in the graph's terms (a
  // grouped convolution's weights have five dimensions in oneDNN, four in the graph).
  [[nodiscard]] dnnl::memory::desc memory_desc(const BufferDesc& desc) const;
  [[nodiscard]] BufferDesc describe(const dnnl::memory::desc& desc, const Shape& shape);

 private:
  CpuOptions options_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  const VectorKernels& vectors_;
  int64_t channel_block_;
  dnnl::memory::format_tag activation_tag_;
  std::vector<dnnl::memory::desc> layouts_;  // layout number - 1
  std::optional<ChoiceCache> measured_choices_;
};

// Row-major descriptor of any rank.
[[nodiscard]] dnnl::memory::desc plain_memory_desc(
    const dnnl::memory::dims& dims, dnnl::memory::data_type type = dnnl::memory::data_type::f32);
[[nodiscard]] dnnl::memory::dims dims_of(const Shape& shape);

inline CpuBackend& as_cpu(Backend& backend) {
  return static_cast<CpuBackend&>(backend);
}

}  // namespace orthrus::cpu
