#include "exec/plan.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "exec/buffer_places.h"
#include "exec/host_values.h"
#include "exec/program_builder.h"
#include "exec/program_listing.h"
#include "exec/tensor_copies.h"

namespace orthrus {

class Plan::Impl {
 public:
  Impl(const Graph& graph, const std::map<std::string, Shape>& input_shapes, Backend& backend,
       const PlanOptions& options)
      : backend_(backend),
        device_(backend.device()),
        program_(build_program(graph, input_shapes, backend, options)),
        same_sink_(options.same_sink),
        forward_(device_.make_recording()),
        backward_(device_.make_recording()),
        copies_(backend) {
    const int64_t batch = input_shapes.empty() ? 0 : input_shapes.begin()->second[0];
    places_ = place_buffers(program_, device_, options.memory_limit_bytes, batch);
    bind();
    list_parameters();
    host_values_.emplace(program_, device_);
  }

  Backend& backend() { return backend_; }
  Device& device() { return device_; }
  HostValues& host_values() { return *host_values_; }
  TensorCopies& copies() { return copies_; }
  const Program& program() const { return program_; }
  const std::vector<PlanParameter>& parameters() const { return parameters_; }
  const BufferPlaces& places() const { return places_; }

  std::byte* address(int buffer) const {
    return program_.buffers[at(root_of(program_, buffer))].address;
  }
  std::span<std::byte> bytes(int buffer) const {
    return {address(buffer), program_.buffers[at(buffer)].desc.size_bytes};
  }

  void forward(const StepContext& context) {
    device_.set_context(context);
    host_values_->send_inputs();
    const auto work = [&] { run(0, at(program_.first_backward_step), context, {}, {}); };
    if (step_seconds_ == nullptr) {
      forward_->run(work);
    } else {
      work();
    }
    host_values_->fetch_outputs();
  }

  void backward(const StepContext& context, const GradientSink& sink, const GradientMixer& mixer,
                bool other_sink) {
    host_values_->send_gradients();
    const auto work = [&] {
      run(at(program_.first_backward_step), program_.steps.size(), context, sink, mixer);
    };
    if (step_seconds_ == nullptr && same_sink_ && !other_sink && !mixer) {
      backward_->run(work);
    } else {
      work();
    }
    host_values_->fetch_gradients();
  }

  void measure_steps(std::vector<double>* seconds) {
    step_seconds_ = seconds;
    if (seconds != nullptr) seconds->resize(program_.steps.size(), 0.0);
  }

  std::string find_non_finite(const StepContext& context) {
    const auto is_finite = [&](int buffer) {
      return device_.all_finite(program_.buffers[at(buffer)].desc, address(buffer));
    };
    for (const ProgramParameter& parameter : program_.parameters) {
      if (!is_finite(parameter.buffer)) return program_.buffers[at(parameter.buffer)].name;
    }
    for (int s = 0; s < program_.first_backward_step; ++s) {
      const Step& step = program_.steps[at(s)];
      run_step(step, context, {}, {});
      if (step.kind != StepKind::kKernel) continue;
      if (!is_finite(step.slots.output)) return program_.graph.node(step.node).name;
    }
    return {};
  }

 private:
  void run(size_t begin, size_t end, const StepContext& context, const GradientSink& sink,
           const GradientMixer& mixer) {
    using Clock = std::chrono::steady_clock;
    for (size_t s = begin; s < end; ++s) {
      const Clock::time_point start = step_seconds_ != nullptr ? Clock::now() : Clock::time_point();
      run_step(program_.steps[s], context, sink, mixer);
      if (step_seconds_ == nullptr) continue;
      device_.synchronize();
      (*step_seconds_)[s] += seconds_since(start);
    }
  }

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
    const size_t size_bytes = program_.buffers[at(mixed)].desc.size_bytes;
    const size_t count = size_bytes / sizeof(float);
    mixed_terms_.clear();
    if (device_.is_host()) {
      const auto values = [&](int buffer) {
        return std::span(reinterpret_cast<float*>(address(buffer)), count);
      };
      for (const int term : terms) mixed_terms_.push_back(values(term));
      mixer(mixed_terms_, values(mixed));
      return;
    }
    mixed_values_.resize((terms.size() + 1) * count);
    const std::span<float> all(mixed_values_);
    for (size_t i = 0; i < terms.size(); ++i) {
      const std::span<float> values = all.subspan(i * count, count);
      device_.download(address(terms[i]), std::as_writable_bytes(values).data(), size_bytes);
      mixed_terms_.push_back(values);
    }
    const std::span<float> result = all.last(count);
    mixer(mixed_terms_, result);
    device_.upload(std::as_bytes(result).data(), address(mixed), size_bytes);
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
  Device& device_;
  Program program_;
  bool same_sink_;
  std::unique_ptr<Recording> forward_, backward_;
  std::vector<PlanParameter> parameters_;
  BufferPlaces places_;
  std::optional<HostValues> host_values_;
  TensorCopies copies_;
  // Reused from step to step.
  std::vector<std::span<const float>> mixed_terms_;
  std::vector<float> mixed_values_;
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
    impl_->copies().write(parameters.at(buffer.name).to_f32(), buffer.desc,
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
  return impl_->copies().read(buffer.desc, values.data());
}

void Plan::from_canonical(int index, const Tensor& tensor, std::span<std::byte> values) const {
  const Program& program = impl_->program();
  const Buffer& buffer = program.buffers[at(program.parameters[at(index)].buffer)];
  if (tensor.shape() != buffer.desc.shape) {
    throw input_error("'{}' has shape {}, expected {}", buffer.name, tensor.shape().to_string(),
                      buffer.desc.shape.to_string());
  }
  impl_->copies().write(tensor.to_f32(), buffer.desc, values.data());
}

std::span<const PlanParameter> Plan::parameters() const {
  return impl_->parameters();
}

Device& Plan::device() const {
  return impl_->device();
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
  return impl_->host_values().to_write(buffer_named(impl_->program().inputs, name));
}
std::span<float> Plan::input(std::string_view name) {
  return as_floats<float>(input_bytes(name));
}

std::span<const std::byte> Plan::output_bytes(int index) const {
  return impl_->host_values().to_read(impl_->program().outputs.at(at(index)));
}
std::span<const float> Plan::output(int index) const {
  return as_floats<const float>(output_bytes(index));
}
const Shape& Plan::output_shape(int index) const {
  const Program& program = impl_->program();
  return program.buffers[at(program.outputs.at(at(index)))].desc.shape;
}
std::span<const float> Plan::kept(std::string_view layer) const {
  const int buffer = buffer_named(impl_->program().kept, layer);
  return as_floats<const float>(impl_->host_values().to_read(buffer));
}
std::span<std::byte> Plan::output_gradient_bytes(int index) {
  const int buffer = impl_->program().output_gradients.at(at(index));
  if (buffer == kNoBuffer) throw internal_error("output {} takes no gradient", index);
  return impl_->host_values().to_write(buffer);
}
std::span<const std::byte> Plan::input_gradient_bytes(std::string_view name) const {
  return impl_->host_values().to_read(buffer_named(impl_->program().input_gradients, name));
}

// ---- running
// --------------------------------------------------------------------------------------

void Plan::measure_steps(std::vector<double>* seconds) {
  impl_->measure_steps(seconds);
}

void Plan::forward(const StepContext& context) {
  impl_->forward(context);
}

void Plan::backward(const StepContext& context, const GradientSink& sink,
                    const GradientMixer& mixer, bool other_sink) {
  impl_->backward(context, sink, mixer, other_sink);
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
