#include "backend/cpu/cpu_backend.h"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>

#include "backend/cpu/candidates.h"
#include "base/error.h"

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

memory::desc plain_memory_desc(const memory::dims& dims) {
  memory::dims strides(dims.size(), 1);
  for (size_t axis = dims.size() - 1; axis > 0; --axis) {
    strides[axis - 1] = strides[axis] * std::max<memory::dim>(dims[axis], 1);
  }
  return {dims, memory::data_type::f32, strides};
}

CpuBackend::CpuBackend(const CpuOptions& options)
    : options_(options),
      engine_(dnnl::engine::kind::cpu, 0),
      stream_(engine_),
      vectors_(vector_kernels()),
      channel_block_(effective_isa_has(dnnl::cpu_isa::avx512_core) ? 16 : 8) {}

BufferDesc CpuBackend::blocked(const Shape& shape) {
  return describe(memory::desc(dims_of(shape), memory::data_type::f32, blocked_tag(channel_block_)),
                  shape);
}

int64_t CpuBackend::block_of(const BufferDesc& desc) const {
  if (desc.layout.plain()) return 1;
  const bool is_blocked =
      desc.shape.rank() == 4 &&
      memory_desc(desc) ==
          memory::desc(dims_of(desc.shape), memory::data_type::f32, blocked_tag(channel_block_));
  return is_blocked ? channel_block_ : 0;
}

memory::desc CpuBackend::memory_desc(const BufferDesc& desc) const {
  if (desc.layout.plain()) return plain_memory_desc(dims_of(desc.shape));
  return layouts_[static_cast<size_t>(desc.layout.id) - 1];
}

BufferDesc CpuBackend::describe(const memory::desc& desc, const Shape& shape) {
  if (desc == plain_memory_desc(desc.dims())) return plain_desc(shape);
  auto found = std::ranges::find(layouts_, desc);
  if (found == layouts_.end()) found = layouts_.insert(layouts_.end(), desc);
  return {.shape = shape,
          .dtype = DType::kF32,
          .layout = {static_cast<int>(found - layouts_.begin()) + 1},
          .size_bytes = desc.get_size()};
}

std::string CpuBackend::layout_name(const BufferDesc& desc) const {
  if (desc.dtype == DType::kU8) return "bytes";
  if (desc.layout.plain()) return "plain";
  if (block_of(desc) == channel_block_) return fmt::format("nChw{}c", channel_block_);
  const dnnl_memory_desc_t& data = memory_desc(desc).data;
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
  return text;
}

bool CpuBackend::same_bytes(const BufferDesc& from, const BufferDesc& to) const {
  if (from == to) return true;
  if (from.dtype != to.dtype || from.shape.elements() != to.shape.elements()) return false;
  if (from.layout.plain() && to.layout.plain()) return true;
  // A blocked (N,C,1,1) with whole blocks has its channels in order.
  const auto channels_in_order = [this](const BufferDesc& desc) {
    if (desc.layout.plain()) return true;
    return block_of(desc) == channel_block_ && desc.shape[1] % channel_block_ == 0 &&
           desc.shape[2] * desc.shape[3] == 1;
  };
  return channels_in_order(from) && channels_in_order(to);
}

std::unique_ptr<Reorder> CpuBackend::make_reorder(const BufferDesc& from, const BufferDesc& to) {
  memory::desc source = memory_desc(from), destination = memory_desc(to);
  if (source.dims() !=
      destination.dims()) {  // one side is plain: see it with the other's dimensions
    if (from.layout.plain()) source = plain_memory_desc(destination.dims());
    if (to.layout.plain()) destination = plain_memory_desc(source.dims());
  }
  return std::make_unique<DnnlReorder>(*this, source, destination);
}

void CpuBackend::add(const BufferDesc& desc, const std::byte* a, const std::byte* b,
                     std::byte* dst) {
  const auto count = static_cast<int64_t>(desc.size_bytes / sizeof(float));
  const auto* left = reinterpret_cast<const float*>(a);
  const auto* right = reinterpret_cast<const float*>(b);
  auto* sum = reinterpret_cast<float*>(dst);
  const int64_t chunks = (count + kChunk - 1) / kChunk;
#pragma omp parallel for schedule(static)
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const int64_t begin = chunk * kChunk;
    const auto size = static_cast<size_t>(std::min(kChunk, count - begin));
    vectors_.add(left + begin, right + begin, sum + begin, size);
  }
}

std::span<const KernelCandidate> CpuBackend::candidates(const Op& op) const {
  return cpu_candidates(op);
}

}  // namespace orthrus::cpu

namespace orthrus {

std::unique_ptr<Backend> make_cpu_backend(const CpuOptions& options) {
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
