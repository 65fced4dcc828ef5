#include "backend/cpu/cpu_backend.h"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>

#include "backend/cpu/candidates.h"
#include "base/error.h"
#include "base/machine.h"

namespace orthrus::cpu {

namespace {

using dnnl::memory;

bool effective_isa_has(dnnl::cpu_isa wanted) {
  const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto bits = static_cast<unsigned>(wanted);
  return (isa & bits) == bits;
}

memory::format_tag blocked_tag(int64_t block) {
  return block == 16 ? memory::format_tag::nChw16c : memory::format_tag::nChw8c;
}

// oneDNN has AMX kernels for channels last only; everything else is faster in blocks.
memory::format_tag tag_of(const CpuOptions& options, int64_t block) {
  const bool amx = options.activations == DType::kBF16 && bf16_instructions() == "AMX";
  switch (options.layout) {
    case ActivationLayout::kFastest:
      return amx ? memory::format_tag::nhwc : blocked_tag(block);
    case ActivationLayout::kChannelBlocks:
      return blocked_tag(block);
    case ActivationLayout::kChannelsLast:
      return memory::format_tag::nhwc;
  }
  return blocked_tag(block);
}

memory::data_type data_type_of(DType type) {
  return type == DType::kBF16 ? memory::data_type::bf16 : memory::data_type::f32;
}

bool has_layout(const memory::desc& desc, memory::format_tag tag) {
  constexpr size_t kActivationRank = 4;  // weights of groups have five
  return desc.dims().size() == kActivationRank &&
         desc == memory::desc(desc.dims(), desc.data_type(), tag);
}

class DnnlReorder : public Reorder {
 public:
  DnnlReorder(CpuBackend& backend, const memory::desc& from, const memory::desc& to)
      : backend_(backend), from_(from), to_(to) {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    descriptor_ =
        dnnl::reorder::primitive_desc(backend.engine(), from, backend.engine(), to, attributes);
    primitive_ = dnnl::reorder(descriptor_);
  }

  size_t scratch_bytes() const override { return descriptor_.scratchpad_desc().get_size(); }

  void bind(const std::byte* from, std::byte* to, std::byte* scratch) override {
    dnnl::engine& engine = backend_.engine();
    arguments_ = {
        {DNNL_ARG_FROM, memory(from_, engine, const_cast<std::byte*>(from))},
        {DNNL_ARG_TO, memory(to_, engine, to)},
        {DNNL_ARG_SCRATCHPAD, memory(descriptor_.scratchpad_desc(), engine, scratch)},
    };
  }

  void run() override { primitive_.execute(backend_.stream(), arguments_); }

 private:
  CpuBackend& backend_;
  memory::desc from_, to_;
  dnnl::reorder::primitive_desc descriptor_;
  dnnl::reorder primitive_;
  std::unordered_map<int, memory> arguments_;
};

}  // namespace

memory::dims dims_of(const Shape& shape) {
  if (shape.rank() == 0) return {1};
  return {shape.dims().begin(), shape.dims().end()};
}

memory::desc plain_memory_desc(const memory::dims& dims, memory::data_type type) {
  memory::dims strides(dims.size(), 1);
  for (size_t axis = dims.size() - 1; axis > 0; --axis) {
    strides[axis - 1] = strides[axis] * std::max<memory::dim>(dims[axis], 1);
  }
  return {dims, type, strides};
}

CpuBackend::CpuBackend(const CpuOptions& options)
    : options_(options),
      engine_(dnnl::engine::kind::cpu, 0),
      stream_(engine_),
      vectors_(vector_kernels()),
      channel_block_(effective_isa_has(dnnl::cpu_isa::avx512_core) ? 16 : 8),
      activation_tag_(tag_of(options, channel_block_)) {}

BufferDesc CpuBackend::activation(const Shape& shape) {
  return describe({dims_of(shape), data_type_of(options_.activations), activation_tag_}, shape);
}

BufferDesc CpuBackend::blocked(const Shape& shape) {
  return describe({dims_of(shape), memory::data_type::f32, blocked_tag(channel_block_)}, shape);
}

BufferDesc CpuBackend::like(const BufferDesc& desc, const Shape& shape) {
  if (desc.layout.plain()) return plain_desc(shape, desc.dtype);
  const memory::format_tag tag =
      is_channels_last(desc) ? memory::format_tag::nhwc : blocked_tag(channel_block_);
  return describe({dims_of(shape), data_type_of(desc.dtype), tag}, shape);
}

int64_t CpuBackend::block_of(const BufferDesc& desc) const {
  if (desc.layout.plain()) return 1;
  if (desc.shape.rank() != 4) return 0;
  if (has_layout(memory_desc(desc), blocked_tag(channel_block_))) return channel_block_;
  return is_channels_last(desc) ? desc.shape[1] : 0;
}

bool CpuBackend::is_channels_last(const BufferDesc& desc) const {
  return !desc.layout.plain() && desc.shape.rank() == 4 &&
         has_layout(memory_desc(desc), memory::format_tag::nhwc);
}

memory::desc CpuBackend::memory_desc(const BufferDesc& desc) const {
  if (desc.layout.plain()) {
    return plain_memory_desc(dims_of(desc.shape), data_type_of(desc.dtype));
  }
  return layouts_[static_cast<size_t>(desc.layout.id) - 1];
}

BufferDesc CpuBackend::describe(const memory::desc& desc, const Shape& shape) {
  const DType type = desc.data_type() == memory::data_type::bf16 ? DType::kBF16 : DType::kF32;
  if (desc == plain_memory_desc(desc.dims(), desc.data_type())) return plain_desc(shape, type);
  auto found = std::ranges::find(layouts_, desc);
  if (found == layouts_.end()) found = layouts_.insert(layouts_.end(), desc);
  return {.shape = shape,
          .dtype = type,
          .layout = {static_cast<int>(found - layouts_.begin()) + 1},
          .size_bytes = desc.get_size()};
}

std::string CpuBackend::layout_name(const BufferDesc& desc) const {
  if (desc.dtype == DType::kU8) return "bytes";
  const std::string type = desc.dtype == DType::kBF16 ? ":bf16" : "";
  if (desc.layout.plain()) return "plain" + type;
  if (is_channels_last(desc)) return "nhwc" + type;
  if (block_of(desc) == channel_block_) return fmt::format("nChw{}c{}", channel_block_, type);
  const memory::desc described = memory_desc(desc);
  const dnnl_memory_desc_t& data = described.data;
  if (data.format_kind != dnnl_blocked) return "opaque";
  // oneDNN's spelling: outer dimensions by stride, capital where they are split, then the inner
  // blocks.
  const dnnl_blocking_desc_t& blocking = data.format_desc.blocking;
  std::vector<int> order(static_cast<size_t>(data.ndims));
  for (int axis = 0; axis < data.ndims; ++axis) order[static_cast<size_t>(axis)] = axis;
  std::ranges::stable_sort(order, std::greater<>{},
                           [&](int axis) { return blocking.strides[axis]; });
  std::string text;
  for (const int axis : order) {
    const bool split = std::find(blocking.inner_idxs, blocking.inner_idxs + blocking.inner_nblks,
                                 axis) != blocking.inner_idxs + blocking.inner_nblks;
    text += static_cast<char>((split ? 'A' : 'a') + axis);
  }
  for (int i = 0; i < blocking.inner_nblks; ++i) {
    text += fmt::format("{}{}", blocking.inner_blks[i],
                        static_cast<char>('a' + blocking.inner_idxs[i]));
  }
  return text + type;
}

bool CpuBackend::same_bytes(const BufferDesc& from, const BufferDesc& to) const {
  if (from == to) return true;
  if (from.dtype != to.dtype || from.shape.elements() != to.shape.elements()) return false;
  if (from.layout.plain() && to.layout.plain()) return true;
  // (N,C,1,1) has its channels in order when they are last, or in whole blocks.
  const auto channels_in_order = [this](const BufferDesc& desc) {
    if (desc.layout.plain()) return true;
    const int64_t block = block_of(desc);
    return block > 0 && desc.shape[1] % block == 0 && desc.shape[2] * desc.shape[3] == 1;
  };
  return channels_in_order(from) && channels_in_order(to);
}

std::unique_ptr<Reorder> CpuBackend::make_reorder(const BufferDesc& from, const BufferDesc& to) {
  memory::desc source = memory_desc(from), destination = memory_desc(to);
  if (source.dims() !=
      destination.dims()) {  // one side is plain: see it with the other's dimensions
    if (from.layout.plain()) {
      source = plain_memory_desc(destination.dims(), source.data_type());
    } else if (to.layout.plain()) {
      destination = plain_memory_desc(source.dims(), destination.data_type());
    }
  }
  return std::make_unique<DnnlReorder>(*this, source, destination);
}

namespace {

template <typename T>
void add_elements(const VectorKernels& vectors, size_t size_bytes, const std::byte* a,
                  const std::byte* b, std::byte* dst) {
  const auto count = static_cast<int64_t>(size_bytes / sizeof(T));
  const auto* left = reinterpret_cast<const T*>(a);
  const auto* right = reinterpret_cast<const T*>(b);
  auto* sum = reinterpret_cast<T*>(dst);
  const int64_t chunks = (count + kChunk - 1) / kChunk;
#pragma omp parallel for schedule(static)
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const int64_t begin = chunk * kChunk;
    const auto size = static_cast<size_t>(std::min(kChunk, count - begin));
    kernels_of<T>(vectors).add(left + begin, right + begin, sum + begin, size);
  }
}

}  // namespace

void CpuBackend::add(const BufferDesc& desc, const std::byte* a, const std::byte* b,
                     std::byte* dst) {
  const auto add = desc.dtype == DType::kBF16 ? add_elements<BFloat16> : add_elements<float>;
  add(vectors_, desc.size_bytes, a, b, dst);
}

ChoiceCache& CpuBackend::measured_choices() {
  if (!measured_choices_) {
    const dnnl_version_t* version = dnnl_version();
    measured_choices_.emplace(
        options_.cache,
        fmt::format("cpu {} {} threads oneDNN {}.{}.{}", processor_name(), omp_get_max_threads(),
                    version->major, version->minor, version->patch));
  }
  return *measured_choices_;
}

std::span<const KernelCandidate> CpuBackend::candidates(const Op& op) const {
  return cpu_candidates(op);
}

}  // namespace orthrus::cpu

namespace orthrus {

std::string_view bf16_instructions() {
  if (cpu::effective_isa_has(dnnl::cpu_isa::avx512_core_amx)) return "AMX";
  return cpu::effective_isa_has(dnnl::cpu_isa::avx512_core_bf16) ? "AVX512_BF16" : "";
}

std::unique_ptr<Backend> make_cpu_backend(const CpuOptions& options) {
  if (options.activations == DType::kBF16 && bf16_instructions().empty()) {
    throw usage_error("this processor has no arithmetic in bf16 (AVX512_BF16 or AMX)")
        .with_hint("compute in f32");
  }
  return std::make_unique<cpu::CpuBackend>(options);
}

std::string cpu_backend_description() {
  const dnnl_version_t* version = dnnl_version();
  return fmt::format("oneDNN {}.{}.{} ({}), own kernels: {}", version->major, version->minor,
                     version->patch,
                     version->cpu_runtime == DNNL_RUNTIME_OMP ? "OpenMP" : "other threading",
                     cpu::vector_kernels().name);
}

}  // namespace orthrus
