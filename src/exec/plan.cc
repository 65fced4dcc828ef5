#include "exec/plan.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "exec/buffer_places.h"
#include "exec/program_builder.h"
#include "exec/program_listing.h"

namespace orthrus {

namespace {

template <typename T>
bool all_of_elements(const BufferDesc& desc, const std::byte* address, bool (*holds)(T)) {
  const auto* values = reinterpret_cast<const T*>(address);
  return std::all_of(values, values + desc.size_bytes / sizeof(T), holds);
}

// True when every number of the buffer is finite.
bool all_finite(const BufferDesc& desc, const std::byte* address) {
  if (desc.dtype == DType::kF64) {
    return all_of_elements<double>(desc, address, [](double v) { return std::isfinite(v); });
  }
  if (desc.dtype == DType::kBF16) {
    return all_of_elements<uint16_t>(desc, address,
                                     [](uint16_t v) { return std::isfinite(bf16_to_f32(v)); });
  }
  return all_of_elements<float>(desc, address, [](float v) { return std::isfinite(v); });
}

}  // namespace

class Plan::Impl {
 public:
  Impl(const Graph& graph, const std::map<std::string, Shape>& input_shapes, Backend& backend,
       const PlanOptions& options)
      : backend_(backend), program_(build_program(graph, input_shapes, backend, options)) {
    const int64_t batch = input_shapes.empty() ? 0 : input_shapes.begin()->second[0];
    places_ = place_buffers(program_, options.memory_limit_bytes, batch);
    bind();
    list_parameters();
  }

  Backend& backend() { return backend_; }
  const Program& program() const { return program_; }
  const std::vector<PlanParameter>& parameters() const { return parameters_; }
  const BufferPlaces& places() const { return places_; }

  std::byte* address(int buffer) const {
    return program_.buffers[at(root_of(program_, buffer))].address;
  }
  std::span<std::byte> bytes(int buffer) const {
    return {address(buffer), program_.buffers[at(buffer)].desc.size_bytes};
  }

  void run(size_t begin, size_t end, const StepContext& context, const GradientSink& sink,
           const GradientMixer& mixer) {
    using Clock = std::chrono::steady_clock;
    for (size_t s = begin; s < end; ++s) {
      const Clock::time_point start = step_seconds_ != nullptr ? Clock::now() : Clock::time_point();
      run_step(program_.steps[s], context, sink, mixer);
      if (step_seconds_ == nullptr) continue;
      (*step_seconds_)[s] += seconds_since(start);
    }
  }

  void measure_steps(std::vector<double>* seconds) {
    step_seconds_ = seconds;
    if (seconds != nullptr) seconds->resize(program_.steps.size(), 0.0);
  }

  std::string find_non_finite(const StepContext& context) {
    for (const ProgramParameter& parameter : program_.parameters) {
      const Buffer& buffer = program_.buffers[at(parameter.buffer)];
      if (!all_finite(buffer.desc, address(parameter.buffer))) return buffer.name;
    }
    for (int s = 0; s < program_.first_backward_step; ++s) {
      const Step& step = program_.steps[at(s)];
      run_step(step, context, {}, {});
      if (step.kind != StepKind::kKernel) continue;
      const BufferDesc& desc = program_.buffers[at(step.slots.output)].desc;
      if (!all_finite(desc, address(step.slots.output))) return program_.graph.node(step.node).name;
    }
    return {};
  }

 private:
  void run_step(const Step& step, const StepContext& context, const GradientSink& sink,
                const GradientMixer& mixer) {
    switch (step.kind) {
      case StepKind::kKernel:
        program_.kernels[at(step.node)]->run(step.kernel_step, context);
        break;
      case StepKind::kReorder:
        step.reorder->run();
        break;
      case StepKind::kSum:
        backend_.add(program_.buffers[at(step.operands[2])].desc, address(step.operands[0]),
                     address(step.operands[1]), address(step.operands[2]));
        break;
      case StepKind::kMix:
        mix(step, mixer);
        break;
      case StepKind::kGradientReady: {
        const std::span<std::byte> gradient = bytes(step.operands[0]);
        if (sink) {
          sink(step.parameter,
               {reinterpret_cast<const float*>(gradient.data()), gradient.size() / sizeof(float)});
        }
        break;
      }
    }
  }

  void mix(const Step& step, const GradientMixer& mixer) {
    const std::span terms(step.operands.data(), step.operands.size() - 1);
    const int mixed = step.operands.back();
    if (!mixer) {
      const BufferDesc& desc = program_.buffers[at(mixed)].desc;
      backend_.add(desc, address(terms[0]), address(terms[1]), address(mixed));
      for (const int term : terms.subspan(2)) {
        backend_.add(desc, address(mixed), address(term), address(mixed));
      }
      return;
    }
    const auto values = [&](int buffer) {
      const std::span<std::byte> all = bytes(buffer);
      return std::span(reinterpret_cast<float*>(all.data()), all.size() / sizeof(float));
    };
    mixed_terms_.clear();
    for (const int term : terms) mixed_terms_.push_back(values(term));
    mixer(mixed_terms_, values(mixed));
  }

  std::byte* address_or_null(int buffer) const {
    return buffer == kNoBuffer ? nullptr : address(buffer);
  }
  std::vector<std::byte*> addresses(const std::vector<int>& buffers) const {
    std::vector<std::byte*> result;
    for (const int buffer : buffers) result.push_back(address_or_null(buffer));
    return result;
  }

  void bind() {
    for (Step& step : program_.steps) {
      if (step.kind == StepKind::kReorder) {
        step.reorder->bind(address(step.operands[0]), address(step.operands[1]),
                           address_or_null(step.scratch));
      }
      if (step.kind != StepKind::kKernel) continue;
      const StepBuffers buffers{
          .inputs = addresses(step.slots.inputs),
          .output = address_or_null(step.slots.output),
          .saved = addresses(step.slots.saved),
          .output_gradient = address_or_null(step.slots.output_gradient),
          .output_gradient2 = address_or_null(step.slots.output_gradient2),
          .input_gradients = addresses(step.slots.input_gradients),
          .input_gradient_addends = addresses(step.slots.input_gradient_addends),
          .scratch = address_or_null(step.scratch),
      };
      program_.kernels[at(step.node)]->bind(step.kernel_step, buffers);
    }
  }

  void list_parameters() {
    for (const ProgramParameter& parameter : program_.parameters) {
      const auto& variable = std::get<Variable>(program_.graph.node(parameter.node).op);
      const std::span<std::byte> storage = bytes(parameter.buffer);
      PlanParameter entry{.name = program_.graph.node(parameter.node).name,
                          .trainable = parameter.trainable,
                          .lr_mult = variable.lr_mult,
                          .wd_mult = variable.wd_mult,
                          .values = {}};
      if (program_.buffers[at(parameter.buffer)].desc.dtype == DType::kF32) {
        entry.values = {reinterpret_cast<float*>(storage.data()), storage.size() / sizeof(float)};
      }
      parameters_.push_back(std::move(entry));
    }
  }

  Backend& backend_;
  Program program_;
  std::vector<PlanParameter> parameters_;
  BufferPlaces places_;
  std::vector<std::span<const float>> mixed_terms_;  // reused from step to step
  std::vector<double>* step_seconds_ = nullptr;
};

MemoryMode memory_mode_named(std::string_view name) {
  if (name == "fast") return MemoryMode::kFast;
  if (name == "auto") return MemoryMode::kAuto;
  if (name == "lean") return MemoryMode::kLean;
  throw internal_error("no way of using memory is called '{}'", name);
}

Plan::Plan(const Graph& graph, const std::map<std::string, Shape>& input_shapes, Backend& backend,
           const PlanOptions& options)
    : impl_(std::make_unique<Impl>(graph, input_shapes, backend, options)) {}

Plan::~Plan() = default;

// ---- parameters
// -----------------------------------------------------------------------------------

namespace {

// Copies between a plan's buffer and a plain float32 tensor.
void copy_once(Backend& backend, const BufferDesc& from, const std::byte* source,
               const BufferDesc& to, std::byte* destination) {
  const std::unique_ptr<Reorder> reorder = backend.make_reorder(from, to);
  const std::shared_ptr<std::byte[]> scratch = allocate_aligned(reorder->scratch_bytes());
  reorder->bind(source, destination, scratch.get());
  reorder->run();
}

void check_parameters(const Program& program, const NamedTensors& parameters) {
  std::string missing, wrong;
  for (const ProgramParameter& parameter : program.parameters) {
    const Buffer& buffer = program.buffers[at(parameter.buffer)];
    const auto found = parameters.find(buffer.name);
    if (found == parameters.end()) {
      missing += (missing.empty() ? "" : ", ") + buffer.name;
    } else if (found->second.shape() != buffer.desc.shape) {
      wrong += fmt::format("\n  {}: got {}, expected {}", buffer.name,
                           found->second.shape().to_string(), buffer.desc.shape.to_string());
    }
  }
  if (!missing.empty()) throw input_error("parameters are missing: {}", missing);
  if (!wrong.empty()) throw input_error("parameters do not fit the network:{}", wrong);
}

}  // namespace

void Plan::load_parameters(const NamedTensors& parameters) {
  const Program& program = impl_->program();
  check_parameters(program, parameters);
  for (const ProgramParameter& parameter : program.parameters) {
    const Buffer& buffer = program.buffers[at(parameter.buffer)];
    const Tensor tensor = parameters.at(buffer.name).to_f32();
    copy_once(impl_->backend(), plain_desc(tensor.shape()), tensor.bytes().data(), buffer.desc,
              impl_->address(parameter.buffer));
  }
}

void Plan::store_parameters(NamedTensors& parameters) const {
  const Program& program = impl_->program();
  for (size_t i = 0; i < program.parameters.size(); ++i) {
    const Buffer& buffer = program.buffers[at(program.parameters[i].buffer)];
    parameters[buffer.name] =
        to_canonical(static_cast<int>(i), impl_->bytes(program.parameters[i].buffer));
  }
}

Tensor Plan::to_canonical(int index, std::span<const std::byte> values) const {
  const Program& program = impl_->program();
  const Buffer& buffer = program.buffers[at(program.parameters[at(index)].buffer)];
  Tensor tensor(buffer.desc.shape, DType::kF32);
  copy_once(impl_->backend(), buffer.desc, values.data(), plain_desc(tensor.shape()),
            tensor.bytes().data());
  return tensor;
}

void Plan::from_canonical(int index, const Tensor& tensor, std::span<std::byte> values) const {
  const Program& program = impl_->program();
  const Buffer& buffer = program.buffers[at(program.parameters[at(index)].buffer)];
  if (tensor.shape() != buffer.desc.shape) {
    throw input_error("'{}' has shape {}, expected {}", buffer.name, tensor.shape().to_string(),
                      buffer.desc.shape.to_string());
  }
  const Tensor wide = tensor.to_f32();
  copy_once(impl_->backend(), plain_desc(wide.shape()), wide.bytes().data(), buffer.desc,
            values.data());
}

std::span<const PlanParameter> Plan::parameters() const {
  return impl_->parameters();
}

// ---- inputs and outputs
// ---------------------------------------------------------------------------

namespace {

template <typename T>
std::span<T> as_floats(auto bytes) {
  return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(float)};
}

int buffer_named(const std::map<std::string, int, std::less<>>& buffers, std::string_view name) {
  const auto found = buffers.find(name);
  if (found == buffers.end()) throw internal_error("the plan has no buffer for '{}'", name);
  return found->second;
}

}  // namespace

bool Plan::has_input(std::string_view name) const {
  return impl_->program().inputs.contains(name);
}
std::span<std::byte> Plan::input_bytes(std::string_view name) {
  return impl_->bytes(buffer_named(impl_->program().inputs, name));
}
std::span<float> Plan::input(std::string_view name) {
  return as_floats<float>(input_bytes(name));
}

std::span<const std::byte> Plan::output_bytes(int index) const {
  return impl_->bytes(impl_->program().outputs.at(at(index)));
}
std::span<const float> Plan::output(int index) const {
  return as_floats<const float>(output_bytes(index));
}
const Shape& Plan::output_shape(int index) const {
  const Program& program = impl_->program();
  return program.buffers[at(program.outputs.at(at(index)))].desc.shape;
}
std::span<const float> Plan::kept(std::string_view layer) const {
  const std::span<const std::byte> bytes = impl_->bytes(buffer_named(impl_->program().kept, layer));
  return as_floats<const float>(bytes);
}
std::span<std::byte> Plan::output_gradient_bytes(int index) {
  const int buffer = impl_->program().output_gradients.at(at(index));
  if (buffer == kNoBuffer) throw internal_error("output {} takes no gradient", index);
  return impl_->bytes(buffer);
}
std::span<const std::byte> Plan::input_gradient_bytes(std::string_view name) const {
  return impl_->bytes(buffer_named(impl_->program().input_gradients, name));
}

// ---- running
// --------------------------------------------------------------------------------------

void Plan::measure_steps(std::vector<double>* seconds) {
  impl_->measure_steps(seconds);
}

void Plan::forward(const StepContext& context) {
  impl_->run(0, at(impl_->program().first_backward_step), context, {}, {});
}

void Plan::backward(const StepContext& context, const GradientSink& sink,
                    const GradientMixer& mixer) {
  const Program& program = impl_->program();
  impl_->run(at(program.first_backward_step), program.steps.size(), context, sink, mixer);
}

std::string Plan::find_non_finite(const StepContext& context) {
  return impl_->find_non_finite(context);
}

// ---- listings
// -------------------------------------------------------------------------------------

std::vector<StepInfo> Plan::listing() const {
  return list_steps(impl_->program(), impl_->backend());
}

PlanMemory Plan::memory() const {
  return impl_->places().memory;
}

std::vector<BufferInfo> Plan::fullest_step_buffers() const {
  return arena_buffers_at(impl_->program(), impl_->places().fullest_step);
}

std::vector<std::string> Plan::reference_layers() const {
  const Program& program = impl_->program();
  std::vector<std::string> layers;
  if (impl_->backend().name() == "ref") return layers;
  for (int node = 0; node < program.graph.size(); ++node) {
    if (program.candidate_names[at(node)] == "ref") layers.push_back(program.graph.node(node).name);
  }
  return layers;
}

const std::vector<std::string>& Plan::refusals() const {
  return impl_->program().refusals;
}

uint64_t Plan::hash() const {
  uint64_t hash = 0;
  for (const StepInfo& line : listing()) {
    for (const std::string* text : {&line.layer, &line.step, &line.implementation, &line.layouts}) {
      hash = hash_text(*text, hash);
    }
  }
  return hash;
}

}  // namespace orthrus
