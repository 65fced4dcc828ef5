// KernelRun: one kernel, bound to buffers and run without a plan. It takes the contract of
// backend/kernel.h at its word: a step gets the slots that it declares and no others, every buffer
// is full of NaN until something is written to it, and what a kernel merely offers (recomputing its
// output, working in place, a second gradient, addends) is asked for where the options say so.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "backend/op_case.h"

namespace orthrus::testing {

struct RunOptions {
  bool recompute = false;       // destroy the output after forward, let the kernel rebuild it
  bool in_place = false;        // one buffer for the pairs that the kernel allows
  bool split_gradient = false;  // hand the output's gradient over as two addends
  bool addends = false;         // add something to each input's gradient
  // Inputs that forward may change, though its step does not say that it writes them.
  std::vector<int> updated_inputs = {};
};

struct RunResult {
  Values output;
  std::vector<Values> gradients;     // by input; empty where not wanted
  std::vector<Values> inputs_after;  // running statistics and gamma may have changed
};

class KernelRun {
 public:
  KernelRun(Backend& backend, Kernel& kernel, std::vector<bool> wanted, const RunOptions& options)
      : backend_(backend), kernel_(kernel), wanted_(std::move(wanted)), options_(options) {
    for (size_t i = 0; i < kernel.steps().size(); ++i) {
      const KernelStep& step = kernel.steps()[i];
      if (step.phase != Phase::kRecompute || options.recompute)
        steps_.push_back(static_cast<int>(i));
      scratch_bytes_ = std::max(scratch_bytes_, step.scratch_bytes);
    }
    scratch_ = allocate(scratch_bytes_);
    if (options.in_place) share_buffers();
    for (const int step : steps_) bind(step);
  }

  RunResult run(const std::vector<Values>& inputs, const Values& output_gradient,
                const std::vector<Values>& addends, const StepContext& context) {
    if (kernel_.is_alias()) return pass_through(inputs, output_gradient);
    backend_.device().set_context(context);
    for (auto& [key, buffer] : buffers_) poison(buffer, desc_of(slot_of(key)).size_bytes);
    for (size_t i = 0; i < inputs.size(); ++i)
      put({SlotKind::kInput, static_cast<int>(i)}, inputs[i]);
    run_steps(Phase::kForward, context);
    RunResult result{.output = get({SlotKind::kOutput, 0}), .gradients = {}, .inputs_after = {}};
    for (size_t i = 0; i < inputs.size(); ++i) {
      result.inputs_after.push_back(get({SlotKind::kInput, static_cast<int>(i)}));
    }
    if (options_.recompute) {
      poison(buffer({SlotKind::kOutput, 0}), kernel_.output().size_bytes);
      run_steps(Phase::kRecompute, context);
      EXPECT_EQ(get({SlotKind::kOutput, 0}), result.output) << "recomputed output";
    }
    result.gradients.resize(inputs.size());
    if (!output_gradient.empty()) backward(output_gradient, addends, context, result);
    return result;
  }

  [[nodiscard]] bool has_recompute() const {
    return std::ranges::any_of(
        kernel_.steps(), [](const KernelStep& step) { return step.phase == Phase::kRecompute; });
  }

 private:
  using Key = std::pair<int, int>;
  static Key key_of(const Slot& slot) { return {static_cast<int>(slot.kind), slot.index}; }
  static Slot slot_of(const Key& key) { return {static_cast<SlotKind>(key.first), key.second}; }

  // Memory of the backend's device.
  std::shared_ptr<std::byte[]> allocate(size_t size_bytes) {
    auto memory = backend_.device().allocate(std::max<size_t>(size_bytes, 64));
    poison(memory, size_bytes);
    return memory;
  }
  // All bits set is a NaN in every floating-point type.
  void poison(const std::shared_ptr<std::byte[]>& memory, size_t size_bytes) {
    const std::vector<std::byte> ones(size_bytes, std::byte{0xFF});
    backend_.device().upload(ones.data(), memory.get(), size_bytes);
  }
  std::vector<std::byte> downloaded(const std::byte* memory, size_t size_bytes) {
    std::vector<std::byte> bytes(size_bytes);
    backend_.device().download(memory, bytes.data(), size_bytes);
    return bytes;
  }

  [[nodiscard]] const BufferDesc& desc_of(const Slot& slot) const {
    const auto index = static_cast<size_t>(slot.index);
    switch (slot.kind) {
      case SlotKind::kInput:
      case SlotKind::kInputGradient:
      case SlotKind::kInputGradientAddend:
        return kernel_.inputs()[index];
      case SlotKind::kSaved:
        return kernel_.saved()[index];
      default:
        return kernel_.output();
    }
  }
  std::shared_ptr<std::byte[]>& buffer(const Slot& slot) {
    std::shared_ptr<std::byte[]>& memory = buffers_[key_of(slot)];
    if (memory == nullptr) memory = allocate(desc_of(slot).size_bytes);
    return memory;
  }

  // The plain description that values are put into and taken from.
  [[nodiscard]] static BufferDesc plain_of(const BufferDesc& desc) {
    return plain_desc(desc.shape, desc.dtype == DType::kF64 ? DType::kF64 : DType::kF32);
  }
  void reorder(const BufferDesc& from, const std::byte* src, const BufferDesc& to, std::byte* dst) {
    if (backend_.same_bytes(from, to)) {
      backend_.device().copy(src, dst, to.size_bytes);
      return;
    }
    const std::unique_ptr<Reorder> reorder = backend_.make_reorder(from, to);
    const auto scratch = allocate(reorder->scratch_bytes());
    reorder->bind(src, dst, scratch.get());
    reorder->run();
  }
  void put(const Slot& slot, const Values& values) {
    const BufferDesc plain = plain_of(desc_of(slot));
    Tensor tensor(plain.shape, plain.dtype);
    if (plain.dtype == DType::kF64) {
      std::ranges::copy(values, tensor.data<double>().begin());
    } else {
      std::ranges::transform(values, tensor.data().begin(),
                             [](double value) { return static_cast<float>(value); });
    }
    const auto staged = allocate(plain.size_bytes);
    backend_.device().upload(tensor.bytes().data(), staged.get(), plain.size_bytes);
    reorder(plain, staged.get(), desc_of(slot), buffer(slot).get());
    backend_.device().synchronize();  // before the memory goes
  }
  Values get(const Slot& slot) {
    const BufferDesc plain = plain_of(desc_of(slot));
    Tensor tensor(plain.shape, plain.dtype);
    const auto staged = allocate(plain.size_bytes);
    reorder(desc_of(slot), buffer(slot).get(), plain, staged.get());
    backend_.device().download(staged.get(), tensor.bytes().data(), plain.size_bytes);
    if (plain.dtype == DType::kF64) {
      const std::span<const double> data = tensor.data<double>();
      return {data.begin(), data.end()};
    }
    const std::span<const float> data = tensor.data();
    return {data.begin(), data.end()};
  }

  // Lets a written slot share the buffer of a read one that no later step reads.
  void share_buffers() {
    for (size_t at = 0; at < steps_.size(); ++at) {
      for (const auto& [read, write] : step(at).in_place) {
        if (buffers_.contains(key_of(write)) || read_later(at, read)) continue;
        if (desc_of(read).size_bytes == desc_of(write).size_bytes) {
          buffers_[key_of(write)] = buffer(read);
        }
      }
    }
  }
  [[nodiscard]] const KernelStep& step(size_t at) const {
    return kernel_.steps()[static_cast<size_t>(steps_[at])];
  }
  [[nodiscard]] bool read_later(size_t at, const Slot& slot) const {
    for (size_t later = at + 1; later < steps_.size(); ++later) {
      if (std::ranges::find(step(later).reads, slot) != step(later).reads.end()) return true;
    }
    return false;
  }

  [[nodiscard]] bool is_used(const Slot& slot) const {
    if (slot.kind == SlotKind::kOutputGradient2) return options_.split_gradient;
    if (slot.kind == SlotKind::kInputGradientAddend) return options_.addends;
    return true;
  }
  void bind(int number) {
    StepBuffers bound;
    bound.inputs.resize(kernel_.inputs().size());
    bound.input_gradients.resize(kernel_.inputs().size());
    bound.input_gradient_addends.resize(kernel_.inputs().size());
    bound.saved.resize(kernel_.saved().size());
    bound.scratch = scratch_.get();
    const KernelStep& declared = kernel_.steps()[static_cast<size_t>(number)];
    for (const std::vector<Slot>* slots : {&declared.reads, &declared.writes}) {
      for (const Slot& slot : *slots) {
        if (is_used(slot)) *place_of(bound, slot) = buffer(slot).get();
      }
    }
    kernel_.bind(number, bound);
  }
  static std::byte** place_of(StepBuffers& bound, const Slot& slot) {
    const auto index = static_cast<size_t>(slot.index);
    switch (slot.kind) {
      case SlotKind::kInput:
        return &bound.inputs[index];
      case SlotKind::kOutput:
        return &bound.output;
      case SlotKind::kSaved:
        return &bound.saved[index];
      case SlotKind::kOutputGradient:
        return &bound.output_gradient;
      case SlotKind::kOutputGradient2:
        return &bound.output_gradient2;
      case SlotKind::kInputGradient:
        return &bound.input_gradients[index];
      case SlotKind::kInputGradientAddend:
        return &bound.input_gradient_addends[index];
    }
    return nullptr;
  }

  void run_steps(Phase phase, const StepContext& context) {
    for (size_t at = 0; at < steps_.size(); ++at) {
      if (step(at).phase != phase) continue;
      poison(scratch_, scratch_bytes_);
      const Contents before = contents_beside(at);
      kernel_.run(steps_[at], context);
      expect_unchanged(step(at).name, before);
      for (const Slot& slot : step(at).writes) expect_all_written(step(at).name, slot);
    }
  }
  using Contents = std::map<Key, std::vector<std::byte>>;

  // What is in the buffers that the step has no right to write into.
  [[nodiscard]] Contents contents_beside(size_t at) {
    std::vector<const std::byte*> written;
    for (const Slot& slot : step(at).writes) written.push_back(buffer(slot).get());
    if (step(at).phase == Phase::kForward) {
      for (const int input : options_.updated_inputs) {
        written.push_back(buffer({SlotKind::kInput, input}).get());
      }
    }
    Contents contents;
    for (const auto& [key, memory] : buffers_) {
      if (std::ranges::find(written, memory.get()) != written.end()) continue;
      contents[key] = downloaded(memory.get(), desc_of(slot_of(key)).size_bytes);
    }
    return contents;
  }
  void expect_unchanged(const std::string& step_name, const Contents& before) {
    for (const auto& [key, bytes] : before) {
      EXPECT_TRUE(downloaded(buffers_[key].get(), bytes.size()) == bytes)
          << step_name << " wrote into slot " << key.first << "[" << key.second
          << "] without declaring it";
    }
  }

  // No NaN may be left in what a step wrote, nor in the padding of its layout.
  void expect_all_written(const std::string& step_name, const Slot& slot) {
    const BufferDesc& desc = desc_of(slot);
    if (slot.kind == SlotKind::kSaved) return;
    size_t unwritten = 0;
    const std::vector<std::byte> bytes = downloaded(buffer(slot).get(), desc.size_bytes);
    if (desc.dtype == DType::kF32) {
      const auto* elements = reinterpret_cast<const float*>(bytes.data());
      for (size_t i = 0; i < desc.size_bytes / sizeof(float); ++i)
        unwritten += std::isnan(elements[i]);
    } else if (desc.dtype == DType::kBF16) {
      const auto* elements = reinterpret_cast<const uint16_t*>(bytes.data());
      for (size_t i = 0; i < desc.size_bytes / sizeof(uint16_t); ++i)
        unwritten += std::isnan(bf16_to_f32(elements[i]));
    }
    EXPECT_EQ(unwritten, 0u) << step_name << " left elements of slot "
                             << static_cast<int>(slot.kind) << "[" << slot.index << "] unwritten";
  }

  void backward(const Values& output_gradient, const std::vector<Values>& addends,
                const StepContext& context, RunResult& result) {
    Values first = output_gradient;
    if (options_.split_gradient) {
      const Values second = random_values(static_cast<int64_t>(first.size()), 7, 0);
      for (size_t i = 0; i < first.size(); ++i) first[i] -= second[i];
      put({SlotKind::kOutputGradient2, 0}, second);
    }
    put({SlotKind::kOutputGradient, 0}, first);
    for (size_t i = 0; options_.addends && i < addends.size(); ++i) {
      if (kernel_.adds_to_input_gradient(static_cast<int>(i))) {
        put({SlotKind::kInputGradientAddend, static_cast<int>(i)}, addends[i]);
      }
    }
    run_steps(Phase::kBackward, context);
    for (size_t i = 0; i < wanted_.size(); ++i) {
      if (!wanted_[i]) continue;
      result.gradients[i] = kernel_.passes_gradient_through()
                                ? output_gradient
                                : get({SlotKind::kInputGradient, static_cast<int>(i)});
    }
  }

  [[nodiscard]] RunResult pass_through(const std::vector<Values>& inputs,
                                       const Values& output_gradient) const {
    RunResult result{.output = inputs[0], .gradients = {}, .inputs_after = inputs};
    result.gradients.resize(inputs.size());
    if (!output_gradient.empty() && wanted_[0]) result.gradients[0] = output_gradient;
    return result;
  }

  Backend& backend_;
  Kernel& kernel_;
  std::vector<bool> wanted_;
  RunOptions options_;
  std::vector<int> steps_;  // numbers of the steps that are run
  size_t scratch_bytes_ = 0;
  std::shared_ptr<std::byte[]> scratch_;
  std::map<Key, std::shared_ptr<std::byte[]>> buffers_;
};

}  // namespace orthrus::testing
