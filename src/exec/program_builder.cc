#include "exec/program_builder.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "exec/lifetimes.h"

namespace orthrus {

namespace {

class ProgramBuilder {
 public:
  ProgramBuilder(const Graph& graph, const std::map<std::string, Shape>& input_shapes,
                 Backend& backend, const PlanOptions& options)
      : backend_(backend), options_(options) {
    program_.graph = graph;
    shapes_ = infer_shapes(graph, input_shapes);
    const size_t nodes = at(graph.size());
    program_.kernels.resize(nodes);
    program_.candidate_names.resize(nodes);
    values_.resize(nodes);
    needs_gradient_.resize(nodes, false);
    gradient_terms_.resize(nodes);
    rebuilt_.resize(nodes, kNoBuffer);
    parameter_of_.resize(nodes, -1);
    if (options.mixed_gradients.empty()) return;
    const std::optional<int> mixed = graph.find(options.mixed_gradients);
    if (!mixed) throw input_error("no layer is named '{}'", options.mixed_gradients);
    mixed_ = *mixed;
  }

  Program build() {
    find_gradients();
    find_readers();
    for (int node = 0; node < graph().size(); ++node) emit_forward(node);
    emit_outputs();
    program_.first_backward_step = static_cast<int>(program_.steps.size());
    if (options_.training) {
      seed_output_gradients();
      for (int node = graph().size() - 1; node >= 0; --node) emit_backward(node);
      emit_input_gradients();
    }
    find_lifetimes(program_);
    merge_in_place(program_);
    return std::move(program_);
  }

 private:
  const Graph& graph() const { return program_.graph; }

  int new_buffer(std::string name, const BufferDesc& desc, Storage storage = Storage::kArena) {
    program_.buffers.push_back({.name = std::move(name), .desc = desc, .storage = storage});
    return static_cast<int>(program_.buffers.size()) - 1;
  }
  // The same bytes under another description.
  int new_alias(std::string name, const BufferDesc& desc, int of) {
    const int alias = new_buffer(std::move(name), desc);
    program_.buffers[at(alias)].merged_into = of;
    return alias;
  }
  Buffer& root_buffer(int buffer) { return program_.buffers[at(root_of(program_, buffer))]; }
  const BufferDesc& desc_of(int buffer) const { return program_.buffers[at(buffer)].desc; }

  // ---- which gradients exist ------------------------------------------------------------------

  bool leaf_needs_gradient(int id) const {
    const Node& node = graph().node(id);
    const std::optional<VariableRole> role = graph().role(id);
    if (role == VariableRole::kParameter) {
      return !options_.trainable || options_.trainable(node.name);
    }
    return std::ranges::find(options_.input_gradients, node.name) != options_.input_gradients.end();
  }

  void find_gradients() {
    if (!options_.training) return;
    for (int id = 0; id < graph().size(); ++id) {
      if (graph().role(id)) {
        needs_gradient_[at(id)] = leaf_needs_gradient(id);
        continue;
      }
      for (const Edge& edge : graph().node(id).inputs) {
        if (needs_gradient_[at(edge.node)]) needs_gradient_[at(id)] = true;
      }
    }
  }

  // How many gradient terms each variable will get.
  void find_readers() {
    readers_.resize(at(graph().size()), 0);
    for (const Node& node : graph().nodes()) {
      for (const Edge& edge : node.inputs) ++readers_[at(edge.node)];
    }
  }

  // ---- forward --------------------------------------------------------------------------------

  std::unique_ptr<Kernel> choose_kernel(int id) {
    const Node& node = graph().node(id);
    KernelRequest request{.node = node,
                          .inputs = {},
                          .output = {},
                          .training = options_.training,
                          .input_gradients = {}};
    for (const Edge& edge : node.inputs) {
      request.inputs.push_back(values_[at(edge.node)].empty()
                                   ? plain(edge.node)
                                   : desc_of(values_[at(edge.node)].front()));
      request.input_gradients.push_back(needs_gradient_[at(edge.node)]);
    }
    request.output = plain(id);
    for (const KernelCandidate& candidate : backend_.candidates(node.op)) {
      Refusal refusal;
      std::unique_ptr<Kernel> kernel = candidate.make(backend_, request, refusal);
      if (kernel) {
        program_.candidate_names[at(id)] = candidate.name;
        return kernel;
      }
      program_.refusals.push_back(
          fmt::format("{}: {} refused: {}", node.name, candidate.name, refusal));
    }
    throw internal_error("no kernel of the {} backend takes layer '{}' ({})", backend_.name(),
                         node.name, op_name(node.op));
  }

  BufferDesc plain(int id) const { return plain_desc(shapes_[at(id)], backend_.dtype()); }

  // The value of a node in the wanted description: itself, an earlier conversion, or a new reorder.
  int value_as(int node, const BufferDesc& wanted) {
    std::vector<int>& forms = values_[at(node)];
    if (forms.empty()) forms.push_back(new_variable(node, wanted));
    for (const int form : forms) {
      if (backend_.same_bytes(desc_of(form), wanted)) return form;
    }
    forms.push_back(emit_reorder(node, forms.front(), wanted));
    return forms.back();
  }

  int emit_reorder(int node, int from, const BufferDesc& wanted) {
    const int to = new_buffer(program_.buffers[at(from)].name + ":reordered", wanted);
    Step step{.kind = StepKind::kReorder, .node = node};
    step.operands = {from, to};
    step.reorder = backend_.make_reorder(desc_of(from), wanted);
    step.scratch = new_scratch(step.reorder->scratch_bytes());
    program_.steps.push_back(std::move(step));
    return to;
  }

  int new_scratch(size_t size_bytes) {
    if (size_bytes == 0) return kNoBuffer;
    return new_buffer("scratch", plain_desc({static_cast<int64_t>(size_bytes)}, DType::kU8));
  }

  // Variables come into being when their first reader states its layout.
  int new_variable(int id, const BufferDesc& wanted) {
    const VariableRole role = *graph().role(id);
    const bool is_parameter = role == VariableRole::kParameter || role == VariableRole::kAuxiliary;
    const int buffer =
        new_buffer(graph().node(id).name, is_parameter ? wanted : plain(id), Storage::kPersistent);
    if (is_parameter) {
      parameter_of_[at(id)] = static_cast<int>(program_.parameters.size());
      program_.parameters.push_back(
          {.node = id, .buffer = buffer, .trainable = needs_gradient_[at(id)]});
    } else {
      program_.inputs[graph().node(id).name] = buffer;
    }
    return buffer;
  }

  void emit_forward(int id) {
    if (graph().role(id)) {
      const VariableRole role = *graph().role(id);
      const bool is_input = role != VariableRole::kParameter && role != VariableRole::kAuxiliary;
      if (is_input) values_[at(id)].push_back(new_variable(id, plain(id)));
      return;
    }
    program_.kernels[at(id)] = choose_kernel(id);
    const Kernel& kernel = *program_.kernels[at(id)];
    const Node& node = graph().node(id);
    KernelSlots slots;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      slots.inputs.push_back(value_as(node.inputs[i].node, kernel.inputs()[i]));
    }
    if (kernel.is_alias()) {
      values_[at(id)].push_back(new_alias(node.name, kernel.output(), slots.inputs[0]));
      return;
    }
    slots.output = new_buffer(node.name, kernel.output());
    values_[at(id)].push_back(slots.output);
    for (size_t i = 0; i < kernel.saved().size(); ++i) {
      slots.saved.push_back(new_buffer(fmt::format("{}:saved{}", node.name, i), kernel.saved()[i]));
    }
    slots.input_gradients.assign(node.inputs.size(), kNoBuffer);
    slots.input_gradient_addends.assign(node.inputs.size(), kNoBuffer);
    emit_kernel_steps(id, slots, Phase::kForward);
    slots_[id] = std::move(slots);
  }

  void emit_kernel_steps(int id, const KernelSlots& slots, Phase phase) {
    const Kernel& kernel = *program_.kernels[at(id)];
    for (size_t i = 0; i < kernel.steps().size(); ++i) {
      if (kernel.steps()[i].phase != phase) continue;
      Step step{.kind = StepKind::kKernel, .node = id};
      step.slots = slots;
      step.kernel_step = static_cast<int>(i);
      step.scratch = new_scratch(kernel.steps()[i].scratch_bytes);
      program_.steps.push_back(std::move(step));
    }
  }

  void emit_outputs() {
    for (const Edge& edge : graph().outputs()) {
      program_.outputs.push_back(make_persistent(edge.node));
    }
    for (const std::string& name : options_.keep) {
      const std::optional<int> node = graph().find(name);
      if (!node) throw input_error("no layer is named '{}'", name);
      program_.kept[name] = make_persistent(*node);
    }
  }

  int make_persistent(int node) {
    const int buffer = value_as(node, plain(node));
    root_buffer(buffer).storage = Storage::kPersistent;
    return buffer;
  }

  // ---- backward -------------------------------------------------------------------------------

  void seed_output_gradients() {
    for (size_t i = 0; i < graph().outputs().size(); ++i) {
      const int node = graph().outputs()[i].node;
      int buffer = kNoBuffer;
      if (!is_loss(graph().node(node).op) && needs_gradient_[at(node)]) {
        buffer =
            new_buffer(graph().node(node).name + ":gradient", plain(node), Storage::kPersistent);
        gradient_terms_[at(node)].push_back(buffer);
      }
      program_.output_gradients.push_back(buffer);
    }
  }

  // A gradient term in the wanted description; `node` is whose value it is the gradient of.
  int gradient_as(int node, int term, const BufferDesc& wanted) {
    if (backend_.same_bytes(desc_of(term), wanted)) return term;
    return emit_reorder(node, term, wanted);
  }

  // Reduces the terms of a node's gradient to at most `most`, all in the wanted description.
  void reduce_terms(int node, const BufferDesc& wanted, size_t most) {
    std::vector<int>& terms = gradient_terms_[at(node)];
    if (node == mixed_ && terms.size() > 1) mix_terms(terms);
    for (int& term : terms) term = gradient_as(node, term, wanted);
    while (terms.size() > most) {
      const int sum = new_buffer(graph().node(node).name + ":gradient", wanted);
      Step step{.kind = StepKind::kSum, .node = node};
      step.operands = {terms[0], terms[1], sum};
      program_.steps.push_back(std::move(step));
      terms.erase(terms.begin(), terms.begin() + 2);
      terms.insert(terms.begin(), sum);
    }
  }

  // All terms of the mixed layer, one for each head, become one. The heads stand in the order of
  // their first outputs.
  void mix_terms(std::vector<int>& terms) {
    const std::vector<Edge>& outputs = graph().outputs();
    const std::string& name = graph().node(mixed_).name;
    std::vector<size_t> heads;
    for (const Edge& output : outputs) {
      const size_t term = term_of(output.node);
      if (std::ranges::find(heads, term) == heads.end()) heads.push_back(term);
    }
    if (terms.size() != heads.size()) {
      throw input_error("{} layers read '{}', expected one for each of the {} outputs",
                        terms.size(), name, outputs.size());
    }
    Step step{.kind = StepKind::kMix, .node = mixed_};
    for (const size_t head : heads) {
      step.operands.push_back(gradient_as(mixed_, terms[head], plain(mixed_)));
    }
    step.operands.push_back(new_buffer(name + ":gradient", plain(mixed_)));
    terms = {step.operands.back()};
    program_.steps.push_back(std::move(step));
  }

  // Which term of the mixed layer comes from this output, found by walking down its head.
  size_t term_of(int output) const {
    for (int node = output; !graph().role(node); node = graph().node(node).inputs.front().node) {
      const auto reader = std::ranges::find(mixed_readers_, node);
      if (reader != mixed_readers_.end()) {
        return static_cast<size_t>(reader - mixed_readers_.begin());
      }
    }
    throw input_error("output '{}' does not stand on '{}'", graph().node(output).name,
                      graph().node(mixed_).name);
  }

  void add_term(int node, int term, int reader) {
    gradient_terms_[at(node)].push_back(term);
    if (node == mixed_) mixed_readers_.push_back(reader);
  }

  void emit_backward(int id) {
    const Node& node = graph().node(id);
    if (graph().role(id) || !needs_gradient_[at(id)]) return;
    std::vector<int>& terms = gradient_terms_[at(id)];
    const bool loss = is_loss(node.op);
    if (terms.empty() && !loss) {  // nothing that is trained depends on this output
      drop_readers(id);
      return;
    }
    const Kernel& kernel = *program_.kernels[at(id)];
    if (kernel.is_alias() || kernel.passes_gradient_through()) {
      pass_through(id);
      return;
    }
    KernelSlots slots = slots_[id];
    reduce_terms(id, kernel.output(), kernel.takes_two_output_gradients() ? 2 : 1);
    if (!terms.empty()) slots.output_gradient = terms[0];
    if (terms.size() > 1) slots.output_gradient2 = terms[1];
    rebuild_inputs(id, slots, Phase::kBackward);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (needs_gradient_[at(node.inputs[i].node)]) open_input_gradient(id, slots, i);
    }
    emit_kernel_steps(id, slots, Phase::kBackward);
    for (const Edge& edge : node.inputs) gradient_arrived(edge.node);
  }

  void pass_through(int id) {
    const Node& node = graph().node(id);
    const Kernel& kernel = *program_.kernels[at(id)];
    reduce_terms(id, kernel.output(), 1);
    int term = gradient_terms_[at(id)].front();
    if (kernel.is_alias()) term = new_alias(node.name + ":gradient", kernel.inputs()[0], term);
    for (const Edge& edge : node.inputs) {
      if (needs_gradient_[at(edge.node)]) add_term(edge.node, term, id);
      gradient_arrived(edge.node);
    }
  }

  // Puts values that are rebuilt in backward in the place of those of forward, as far as the steps
  // of `phase` read them.
  void rebuild_inputs(int id, KernelSlots& slots, Phase phase) {
    const Node& node = graph().node(id);
    std::set<int> read;
    for (const KernelStep& step : program_.kernels[at(id)]->steps()) {
      if (step.phase != phase) continue;
      for (const Slot& slot : step.reads) {
        if (slot.kind == SlotKind::kInput) read.insert(slot.index);
      }
    }
    for (const int i : read) {
      const int producer = node.inputs[at(i)].node;
      int& buffer = slots.inputs[at(i)];
      if (buffer == values_[at(producer)].front() && can_rebuild(producer)) {
        buffer = rebuild(producer);
      }
    }
  }

  bool can_rebuild(int id) const {
    if (graph().role(id) || !needs_gradient_[at(id)]) return false;
    if (options_.memory == MemoryMode::kFast) return false;
    const bool convolution = std::holds_alternative<Convolution>(graph().node(id).op);
    if (convolution && options_.memory != MemoryMode::kLean) return false;
    const int value = root_of(program_, values_[at(id)].front());
    if (program_.buffers[at(value)].storage == Storage::kPersistent) return false;
    const std::vector<KernelStep>& steps = program_.kernels[at(id)]->steps();
    return std::ranges::any_of(
        steps, [](const KernelStep& step) { return step.phase == Phase::kRecompute; });
  }

  int rebuild(int id) {
    if (rebuilt_[at(id)] == kNoBuffer) {
      KernelSlots slots = slots_[id];
      rebuild_inputs(id, slots, Phase::kRecompute);
      slots.output = new_buffer(graph().node(id).name + ":rebuilt", desc_of(slots.output));
      emit_kernel_steps(id, slots, Phase::kRecompute);
      rebuilt_[at(id)] = slots.output;
    }
    return rebuilt_[at(id)];
  }

  void open_input_gradient(int id, KernelSlots& slots, size_t i) {
    const int input = graph().node(id).inputs[i].node;
    const Kernel& kernel = *program_.kernels[at(id)];
    const BufferDesc& desc = kernel.inputs()[i];
    std::vector<int>& terms = gradient_terms_[at(input)];
    const bool adds = kernel.adds_to_input_gradient(static_cast<int>(i)) && input != mixed_;
    if (adds && !terms.empty()) {
      slots.input_gradient_addends[i] = gradient_as(input, terms.back(), desc);
      terms.pop_back();
    }
    slots.input_gradients[i] = new_buffer(graph().node(input).name + ":gradient", desc);
    add_term(input, slots.input_gradients[i], id);
  }

  // One of the readers of `id` has delivered its term, or never will.
  void gradient_arrived(int id) {
    if (--readers_[at(id)] > 0 || parameter_of_[at(id)] < 0 || !needs_gradient_[at(id)]) return;
    if (gradient_terms_[at(id)].empty()) return;
    const int index = parameter_of_[at(id)];
    reduce_terms(id, desc_of(program_.parameters[at(index)].buffer), 1);
    Step step{.kind = StepKind::kGradientReady, .node = id};
    step.operands = {gradient_terms_[at(id)].front()};
    step.parameter = index;
    program_.steps.push_back(std::move(step));
  }

  void drop_readers(int id) {
    for (const Edge& edge : graph().node(id).inputs) gradient_arrived(edge.node);
  }

  void emit_input_gradients() {
    for (const std::string& name : options_.input_gradients) {
      const std::optional<int> node = graph().find(name);
      if (!node) throw input_error("no input is named '{}'", name);
      if (parameter_of_[at(*node)] >= 0) continue;
      if (gradient_terms_[at(*node)].empty()) {
        throw input_error("no gradient reaches the input '{}'", name);
      }
      reduce_terms(*node, plain(*node), 1);
      const int buffer = gradient_terms_[at(*node)].front();
      root_buffer(buffer).storage = Storage::kPersistent;
      program_.input_gradients[name] = buffer;
    }
  }

  Backend& backend_;
  const PlanOptions& options_;
  Program program_;
  std::vector<Shape> shapes_;
  std::vector<bool> needs_gradient_;
  std::vector<int> readers_;                      // gradient terms still to come, by node
  std::vector<std::vector<int>> values_;          // buffers holding a node's value; first: as made
  std::vector<std::vector<int>> gradient_terms_;  // by node
  std::vector<int> rebuilt_;
  int mixed_ = -1;                    // the layer whose gradients are mixed
  std::vector<int> mixed_readers_;    // who gave its gradient terms
  std::vector<int> parameter_of_;     // index into program_.parameters, by node
  std::map<int, KernelSlots> slots_;  // as bound in forward, by node
};

}  // namespace

Program build_program(const Graph& graph, const std::map<std::string, Shape>& input_shapes,
                      Backend& backend, const PlanOptions& options) {
  return ProgramBuilder(graph, input_shapes, backend, options).build();
}

}  // namespace orthrus
