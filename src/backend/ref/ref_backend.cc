#include "backend/ref/ref_backend.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace orthrus {

namespace {

struct Entry {
  std::string_view op;
  KernelCandidate candidate;
};

constexpr std::array kCandidates = {
    Entry{Convolution::kName, {"ref", make_ref_convolution}},
    Entry{BatchNorm::kName, {"ref", make_ref_batch_norm}},
    Entry{Activation::kName, {"ref", make_ref_activation}},
    Entry{LeakyRelu::kName, {"ref", make_ref_leaky_relu}},
    Entry{Pooling::kName, {"ref", make_ref_pooling}},
    Entry{FullyConnected::kName, {"ref", make_ref_fully_connected}},
    Entry{Flatten::kName, {"ref", make_ref_flatten}},
    Entry{Add::kName, {"ref", make_ref_add}},
    Entry{Concat::kName, {"ref", make_ref_concat}},
    Entry{Dropout::kName, {"ref", make_ref_dropout}},
    Entry{SoftmaxOutput::kName, {"ref", make_ref_softmax_output}},
    Entry{LogisticOutput::kName, {"ref", make_ref_logistic_output}},
};

template <typename From, typename To>
class PlainReorder : public Reorder {
 public:
  explicit PlainReorder(int64_t elements) : elements_(elements) {}
  void bind(const std::byte* from, std::byte* to, std::byte*) override {
    from_ = reinterpret_cast<const From*>(from);
    to_ = reinterpret_cast<To*>(to);
  }
  void run() override {
    for (int64_t i = 0; i < elements_; ++i) to_[i] = static_cast<To>(from_[i]);
  }

 private:
  int64_t elements_;
  const From* from_ = nullptr;
  To* to_ = nullptr;
};

template <typename T>
void add_plain(int64_t elements, const std::byte* a, const std::byte* b, std::byte* dst) {
  const T* x = reinterpret_cast<const T*>(a);
  const T* y = reinterpret_cast<const T*>(b);
  T* sum = reinterpret_cast<T*>(dst);
  for (int64_t i = 0; i < elements; ++i) sum[i] = x[i] + y[i];
}

class RefBackend : public Backend {
 public:
  explicit RefBackend(DType dtype) : dtype_(dtype) {}

  [[nodiscard]] std::string_view name() const override { return "ref"; }
  [[nodiscard]] DType dtype() const override { return dtype_; }
  [[nodiscard]] std::span<const KernelCandidate> candidates(const Op& op) const override {
    return ref_candidates(op);
  }
  [[nodiscard]] std::string layout_name(const BufferDesc& desc) const override {
    return desc.layout.plain() ? "plain" : "unknown";
  }
  [[nodiscard]] bool same_bytes(const BufferDesc& from, const BufferDesc& to) const override {
    return from.layout == to.layout && from.dtype == to.dtype && from.size_bytes == to.size_bytes;
  }
  [[nodiscard]] std::unique_ptr<Reorder> make_reorder(const BufferDesc& from,
                                                      const BufferDesc& to) override {
    return make_plain_reorder(from, to);
  }
  void add(const BufferDesc& desc, const std::byte* a, const std::byte* b,
           std::byte* dst) override {
    const int64_t elements = desc.shape.elements();
    if (desc.dtype == DType::kF64) {
      add_plain<double>(elements, a, b, dst);
    } else if (desc.dtype == DType::kF32) {
      add_plain<float>(elements, a, b, dst);
    } else {
      throw internal_error("ref adds f32 or f64, not {}", name_of(desc.dtype));
    }
  }

 private:
  DType dtype_;
};

}  // namespace

std::span<const KernelCandidate> ref_candidates(const Op& op) {
  const auto found = std::ranges::find(kCandidates, op_name(op), &Entry::op);
  if (found == kCandidates.end()) return {};
  return {&found->candidate, 1};
}

std::unique_ptr<Reorder> make_plain_reorder(const BufferDesc& from, const BufferDesc& to) {
  const auto computable = [](DType type) { return type == DType::kF32 || type == DType::kF64; };
  if (!from.layout.plain() || !to.layout.plain() || !computable(from.dtype) ||
      !computable(to.dtype) || from.shape.elements() != to.shape.elements()) {
    throw internal_error(
        "ref copies plain f32 or f64 buffers, got {} {} (layout {}) to {} {} (layout {})",
        name_of(from.dtype), from.shape.to_string(), from.layout.id, name_of(to.dtype),
        to.shape.to_string(), to.layout.id);
  }
  const int64_t elements = from.shape.elements();
  if (from.dtype == DType::kF64 && to.dtype == DType::kF64) {
    return std::make_unique<PlainReorder<double, double>>(elements);
  }
  if (from.dtype == DType::kF64) return std::make_unique<PlainReorder<double, float>>(elements);
  if (to.dtype == DType::kF64) return std::make_unique<PlainReorder<float, double>>(elements);
  return std::make_unique<PlainReorder<float, float>>(elements);
}

std::unique_ptr<Backend> make_ref_backend(DType dtype) {
  if (dtype != DType::kF32 && dtype != DType::kF64) {
    throw usage_error("the reference backend computes in f32 or f64, not in {}", name_of(dtype));
  }
  return std::make_unique<RefBackend>(dtype);
}

}  // namespace orthrus
