// What is checked of every operator case: that the reference's gradients are the derivatives of its
// output, and that every candidate of every backend computes what the reference does, in every
// mode, for every subset of gradients that matters, in every layout and with everything that it
// offers.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "backend/backends.h"
#include "backend/kernel_run.h"
#include "backend/op_case.h"
#include "backend/rounding_bias.h"
#include "base/error.h"

namespace orthrus::testing {

constexpr StepContext kContext{.seed = 11, .step = 3};

// Training or inference, and the inputs whose gradients are wanted.
struct Mode {
  bool training = true;
  std::vector<bool> wanted;
  [[nodiscard]] bool backward() const {
    return std::ranges::any_of(wanted, [](bool w) { return w; });
  }
};

inline std::vector<bool> all_gradients(const Op& op) {
  std::vector<bool> wanted;
  for (const std::string& name : input_names(op)) wanted.push_back(has_gradient(name));
  return wanted;
}

// Both modes with every gradient, inference without any, and training with each gradient alone.
inline std::vector<Mode> modes(const OpCase& op_case) {
  const std::vector<bool> all = all_gradients(op_case.op);
  const std::vector<bool> none(all.size(), false);
  if (op_case.forward_only) return {{false, none}};
  std::vector<Mode> result = {{true, all}, {false, all}, {false, none}, {true, none}};
  for (size_t i = 0; i < all.size(); ++i) {
    if (!all[i]) continue;
    std::vector<bool> one = none;
    one[i] = true;
    if (one != all) result.push_back({true, one});
  }
  return result;
}

inline KernelRequest make_request(const ShapedNode& shaped, DType dtype, const Mode& mode) {
  KernelRequest request{.node = shaped.node,
                        .inputs = {},
                        .output = plain_desc(shaped.output, dtype),
                        .training = mode.training,
                        .input_gradients = mode.wanted};
  for (const Shape& shape : shaped.inputs) request.inputs.push_back(plain_desc(shape, dtype));
  return request;
}

// The first kernel of the backend that takes the request; null when none does.
inline std::unique_ptr<Kernel> first_kernel(Backend& backend, const KernelRequest& request) {
  for (const KernelCandidate& candidate : backend.candidates(request.node.op)) {
    Refusal refusal;
    if (auto kernel = candidate.make(backend, request, refusal)) return kernel;
    EXPECT_FALSE(refusal.empty()) << candidate.name << " refused without a reason";
  }
  return nullptr;
}

// The description in which a 1x1 convolution of this backend delivers pictures of that shape.
inline BufferDesc convolved_desc(Backend& backend, const BufferDesc& picture, bool training) {
  const int64_t channels = picture.shape[1];
  const Node node{"producer",
                  Convolution{.num_filter = channels, .kernel = {1, 1}, .has_bias = false},
                  std::vector<Edge>(2)};
  const KernelRequest request{
      .node = node,
      .inputs = {picture, plain_desc({channels, channels, 1, 1}, picture.dtype)},
      .output = picture,
      .training = training,
      .input_gradients = {training, training}};
  const auto kernel = first_kernel(backend, request);
  return kernel == nullptr ? picture : kernel->output();
}

// The request as it looks behind convolutions; false when that changes nothing.
inline bool take_producers_layouts(Backend& backend, KernelRequest& request) {
  const std::vector<std::string> names = input_names(request.node.op);
  bool changed = false;
  for (size_t i = 0; i < names.size(); ++i) {
    BufferDesc& input = request.inputs[i];
    if (!is_activation(names[i]) || input.shape.rank() != 4) continue;
    const BufferDesc produced = convolved_desc(backend, input, request.training);
    changed = changed || !(produced == input);
    input = produced;
  }
  return changed;
}

inline void expect_near(const Values& got, const Values& want, double absolute, double relative,
                        const std::string& what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  double largest = 0;
  // The maximum of an empty window is not a magnitude that others should be measured by.
  for (const double value : want) {
    if (std::abs(value) < 1e30) largest = std::max(largest, std::abs(value));
  }
  const double tolerance = absolute + relative * largest;
  size_t worst = 0;
  size_t wrong = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    if (std::abs(got[i] - want[i]) <= tolerance) continue;
    if (wrong++ == 0 || !(std::abs(got[i] - want[i]) <= std::abs(got[worst] - want[worst])))
      worst = i;
  }
  EXPECT_EQ(wrong, 0u) << what << ": " << wrong << " of " << want.size()
                       << " elements are off, element " << worst << " is " << got[worst]
                       << ", expected " << want[worst] << ", tolerance " << tolerance;
}

// The inputs of a case, and the gradient that comes from above (empty in forward-only modes).
struct Feed {
  std::vector<Values> inputs;
  Values output_gradient;
  std::vector<Values> addends;
};
inline Feed make_feed(const OpCase& op_case, const ShapedNode& shaped) {
  Feed feed{.inputs = input_values(op_case, shaped),
            .output_gradient = random_values(shaped.output.elements(), op_case.seed, 100),
            .addends = {}};
  for (size_t i = 0; i < shaped.inputs.size(); ++i) {
    feed.addends.push_back(random_values(shaped.inputs[i].elements(), op_case.seed, 200 + i));
  }
  return feed;
}

// The same numbers as bf16 holds them.
inline Feed rounded_to_bf16(Feed feed) {
  const auto round = [](Values& values) {
    for (double& value : values) {
      value = static_cast<double>(bf16_to_f32(f32_to_bf16(static_cast<float>(value))));
    }
  };
  std::ranges::for_each(feed.inputs, round);
  round(feed.output_gradient);
  std::ranges::for_each(feed.addends, round);
  return feed;
}

// Inputs that forward may change without saying so in its steps: BatchNorm's running statistics,
// and a fixed gamma, which is set to 1.
inline std::vector<int> updated_inputs(const Op& op) {
  std::vector<int> updated;
  if (!std::holds_alternative<BatchNorm>(op)) return updated;
  const std::vector<std::string> names = input_names(op);
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == "gamma" || names[i].starts_with("moving_")) {
      updated.push_back(static_cast<int>(i));
    }
  }
  return updated;
}

inline RunResult run_kernel(Backend& backend, Kernel& kernel, const Mode& mode, const Feed& feed,
                            const RunOptions& options = {}) {
  KernelRun run(backend, kernel, mode.wanted, options);
  return run.run(feed.inputs, mode.backward() ? feed.output_gradient : Values{}, feed.addends,
                 kContext);
}

inline RunResult run_oracle(const ShapedNode& shaped, const Mode& mode, const Feed& feed) {
  const auto backend = make_oracle();
  const auto kernel = first_kernel(*backend, make_request(shaped, backend->dtype(), mode));
  if (kernel == nullptr) throw internal_error("the oracle does not take {}", shaped.node.name);
  return run_kernel(*backend, *kernel, mode, feed,
                    {.updated_inputs = updated_inputs(shaped.node.op)});
}

// Central differences in double at up to 8 elements of every input that has a gradient.
inline void check_derivatives(const OpCase& op_case, bool training) {
  constexpr double kStep = 1e-5;
  constexpr int kMostElements = 8;
  const ShapedNode shaped = shaped_node(op_case);
  const Feed feed = make_feed(op_case, shaped);
  const Mode forward_only{training, std::vector<bool>(shaped.inputs.size(), false)};
  const Mode full{training, all_gradients(op_case.op)};
  const RunResult analytic = run_oracle(shaped, full, feed);
  const auto backend = make_oracle();
  const auto kernel = first_kernel(*backend, make_request(shaped, backend->dtype(), forward_only));
  ASSERT_NE(kernel, nullptr);
  KernelRun forward(*backend, *kernel, forward_only.wanted,
                    {.updated_inputs = updated_inputs(op_case.op)});

  RandomStream choice(op_case.seed, StreamPurpose::kSynthetic, 2, 0);
  for (size_t i = 0; i < shaped.inputs.size(); ++i) {
    if (!full.wanted[i]) continue;
    const auto count = static_cast<uint32_t>(feed.inputs[i].size());
    for (uint32_t tried = 0; tried < std::min<uint32_t>(kMostElements, count); ++tried) {
      const uint32_t element = count <= kMostElements ? tried : choice.below(count);
      std::vector<Values> moved = feed.inputs;
      moved[i][element] = feed.inputs[i][element] + kStep;
      const Values above = forward.run(moved, {}, {}, kContext).output;
      moved[i][element] = feed.inputs[i][element] - kStep;
      const Values below = forward.run(moved, {}, {}, kContext).output;
      double difference = 0;
      if (op_case.loss) {
        difference = op_case.loss(above, feed.inputs) - op_case.loss(below, feed.inputs);
      } else {
        for (size_t j = 0; j < above.size(); ++j) {
          difference += feed.output_gradient[j] * (above[j] - below[j]);
        }
      }
      const double numeric = difference / (2 * kStep);
      EXPECT_NEAR(analytic.gradients[i][element], numeric, 1e-6 * (1 + std::abs(numeric)))
          << "gradient of " << input_names(op_case.op)[i] << "[" << element << "]";
    }
  }
}

inline void compare_results(const OpCase& op_case, const TestedBackend& tested,
                            const RunResult& got, const RunResult& want, const Feed& feed,
                            const Kernel& kernel, const RunOptions& options) {
  const double absolute = tested.absolute * op_case.tolerance_factor;
  const double relative = tested.relative * op_case.tolerance_factor;
  const std::vector<std::string> names = input_names(op_case.op);
  expect_near(got.output, want.output, absolute, relative, "output");
  if (tested.bf16) expect_unbiased(got.output, want.output, "output");
  for (size_t i = 0; i < names.size(); ++i) {
    Values gradient = want.gradients[i];
    if (options.addends && kernel.adds_to_input_gradient(static_cast<int>(i))) {
      for (size_t j = 0; j < gradient.size(); ++j) gradient[j] += feed.addends[i][j];
    }
    expect_near(got.gradients[i], gradient, absolute, relative, "gradient of " + names[i]);
    if (tested.bf16) expect_unbiased(got.gradients[i], gradient, "gradient of " + names[i]);
    if (is_activation(names[i])) continue;  // KernelRun looks at those, step by step
    expect_near(got.inputs_after[i], want.inputs_after[i], absolute, relative,
                names[i] + " after forward");
  }
}

// Everything that one kernel can do in one mode.
inline void check_kernel(const OpCase& op_case, const TestedBackend& tested, Backend& backend,
                         Kernel& kernel, const Mode& mode, const Feed& feed,
                         const RunResult& want) {
  const bool adds = std::ranges::any_of(std::vector<int>{0, 1, 2, 3, 4, 5},
                                        [&](int i) { return kernel.adds_to_input_gradient(i); });
  std::vector<std::pair<std::string, RunOptions>> variants = {{"as is", {}},
                                                              {"in place", {.in_place = true}}};
  if (mode.backward()) {
    if (KernelRun(backend, kernel, mode.wanted, {}).has_recompute()) {
      variants.push_back({"recompute", {.recompute = true}});
    }
    if (kernel.takes_two_output_gradients()) {
      variants.push_back({"split gradient", {.split_gradient = true}});
      variants.push_back({"split gradient in place", {.in_place = true, .split_gradient = true}});
    }
    if (adds) {
      variants.push_back({"addends", {.addends = true}});
      variants.push_back({"addends in place", {.in_place = true, .addends = true}});
    }
  }
  for (auto& [name, options] : variants) {
    options.updated_inputs = updated_inputs(op_case.op);
    SCOPED_TRACE(kernel.implementation() + ", " + name);
    const RunResult got = run_kernel(backend, kernel, mode, feed, options);
    compare_results(op_case, tested, got, want, feed, kernel, options);
  }
}

// Runs every candidate that takes the case; the first must not be `ref` on another backend, unless
// the case says that it may.
inline void check_candidates(const OpCase& op_case, const TestedBackend& tested, Backend& backend,
                             const KernelRequest& request, const Mode& mode, const Feed& feed,
                             const RunResult& want) {
  // Gradients of some inputs only may be a rare wish that a backend leaves to `ref`.
  const bool partial = mode.backward() && mode.wanted != all_gradients(op_case.op);
  const bool may_fall_back =
      tested.name == "ref" || partial ||
      std::ranges::any_of(op_case.reference_on, [&](const std::string& backend_name) {
        return tested.name.starts_with(backend_name);
      });
  bool first = true;
  for (const KernelCandidate& candidate : backend.candidates(op_case.op)) {
    Refusal refusal;
    const auto kernel = candidate.make(backend, request, refusal);
    if (kernel == nullptr) {
      EXPECT_FALSE(refusal.empty()) << candidate.name << " refused without a reason";
      continue;
    }
    if (first && candidate.name == "ref") {
      EXPECT_TRUE(may_fall_back) << tested.name << " left this case to ref";
    }
    first = false;
    check_kernel(op_case, tested, backend, *kernel, mode, feed, want);
  }
  EXPECT_FALSE(first) << "no candidate of " << tested.name << " takes this case";
}

inline void check_backends(const OpCase& op_case) {
  const ShapedNode shaped = shaped_node(op_case);
  const Feed exact_feed = make_feed(op_case, shaped);
  const Feed rounded_feed = rounded_to_bf16(exact_feed);
  for (const Mode& mode : modes(op_case)) {
    const RunResult exact = run_oracle(shaped, mode, exact_feed);
    const RunResult rounded = run_oracle(shaped, mode, rounded_feed);
    for (const TestedBackend& tested : tested_backends()) {
      const Feed& feed = tested.bf16 ? rounded_feed : exact_feed;
      const RunResult& want = tested.bf16 ? rounded : exact;
      std::string wanted;
      for (const bool gradient : mode.wanted) wanted += gradient ? '1' : '0';
      SCOPED_TRACE(tested.name + (mode.training ? ", training" : ", inference") + ", gradients " +
                   wanted);
      const auto backend = tested.make();
      KernelRequest request = make_request(shaped, backend->dtype(), mode);
      check_candidates(op_case, tested, *backend, request, mode, feed, want);
      if (!take_producers_layouts(*backend, request)) continue;
      SCOPED_TRACE("behind a convolution");
      check_candidates(op_case, tested, *backend, request, mode, feed, want);
    }
  }
}

}  // namespace orthrus::testing
