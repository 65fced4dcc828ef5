// Loss weighting: how much each task counts in a step, L = sum over tasks t of w_t L_t, where L_t
// is the loss of tasks/loss.h. A method sees the losses of a step after forward and says the
// weights for backward; some look at the tasks' gradients at the shared features too, on the way
// back. What a method keeps from step to step is part of a checkpoint. A weight that a task
// declares multiplies what the method says.
//
// To add a method: a file beside this one, a line in the table of weighting.cc, a test against
// numbers that come from elsewhere.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tasks/weighting/gradient_products.h"

namespace orthrus {

struct WeightingStep {
  double rate = 0;      // learning rate, for methods that learn weights beside the network
  uint64_t update = 0;  // of this training, from 0; keys what is random
};

class LossWeighting {
 public:
  virtual ~LossWeighting() = default;

  // True when the weights depend on the losses (else weigh() takes any).
  [[nodiscard]] virtual bool looks_at_losses() const { return true; }

  // The weights of one step. `losses` has L_t of each task, NaN where the batch has no label of it:
  // the method then learns nothing about that task.
  virtual void weigh(std::span<const double> losses, const WeightingStep& step,
                     std::span<double> weights) = 0;

  // True when mix() says how much of each task's gradient the shared layers get; otherwise all of
  // it.
  [[nodiscard]] virtual bool looks_at_gradients() const { return false; }
  // After weigh(): factors of the gradients of w_t L_t at the shared features, whose `products` are
  // known but for a common factor. The heads are not touched by it.
  virtual void mix(const GradientProducts& products, const WeightingStep& step,
                   std::span<double> mix);

  // After the last step of an epoch.
  virtual void end_epoch() {}

  // All that it keeps, finite numbers; restore() throws kInput when they are not of this method and
  // these tasks.
  [[nodiscard]] virtual std::vector<double> state() const { return {}; }
  virtual void restore(std::span<const double> state);

 protected:
  LossWeighting() = default;
};

// What goes by the gradients alone: the losses count the same, and mix() says the rest.
class GradientWeighting : public LossWeighting {
 public:
  [[nodiscard]] bool looks_at_losses() const override { return false; }
  [[nodiscard]] bool looks_at_gradients() const override { return true; }
  void weigh(std::span<const double>, const WeightingStep&, std::span<double> weights) override {
    std::ranges::fill(weights, 1.0);
  }
};

struct WeightingSetup {
  size_t tasks = 0;
  double momentum = 0.9;  // of the optimizer, which also moves learned weights
  uint64_t seed = 0;
};

// "fixed", "equal", "uncertainty", ...: the first is the default.
[[nodiscard]] std::vector<std::string> weighting_names();
// Throws kInternal for a name that is not one of them.
[[nodiscard]] std::unique_ptr<LossWeighting> make_weighting(std::string_view name,
                                                            const WeightingSetup& setup);

// One function for each method; each file states the paper and the equation.
[[nodiscard]] std::unique_ptr<LossWeighting> make_fixed_weighting(const WeightingSetup& setup);
[[nodiscard]] std::unique_ptr<LossWeighting> make_uncertainty_weighting(
    const WeightingSetup& setup);
[[nodiscard]] std::unique_ptr<LossWeighting> make_dwa_weighting(const WeightingSetup& setup);
[[nodiscard]] std::unique_ptr<LossWeighting> make_logsum_weighting(const WeightingSetup& setup);
[[nodiscard]] std::unique_ptr<LossWeighting> make_gls_weighting(const WeightingSetup& setup);
[[nodiscard]] std::unique_ptr<LossWeighting> make_rlw_weighting(const WeightingSetup& setup);
[[nodiscard]] std::unique_ptr<LossWeighting> make_stch_weighting(const WeightingSetup& setup);
[[nodiscard]] std::unique_ptr<LossWeighting> make_pcgrad_weighting(const WeightingSetup& setup);
[[nodiscard]] std::unique_ptr<LossWeighting> make_dbmtl_weighting(const WeightingSetup& setup);
[[nodiscard]] std::unique_ptr<LossWeighting> make_imtl_weighting(const WeightingSetup& setup);
[[nodiscard]] std::unique_ptr<LossWeighting> make_famo_weighting(const WeightingSetup& setup);
[[nodiscard]] std::unique_ptr<LossWeighting> make_gradnorm_weighting(const WeightingSetup& setup);
[[nodiscard]] std::unique_ptr<LossWeighting> make_mgda_weighting(const WeightingSetup& setup);
[[nodiscard]] std::unique_ptr<LossWeighting> make_cagrad_weighting(const WeightingSetup& setup);
[[nodiscard]] std::unique_ptr<LossWeighting> make_nashmtl_weighting(const WeightingSetup& setup);

// Takes the numbers of a state, `expected` of them; throws kInput as restore() says.
void check_state(std::span<const double> state, size_t expected);

}  // namespace orthrus
