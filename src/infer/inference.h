// Inference: a model compiled to answer batches of pictures, with BatchNorm's running statistics
// and without labels or gradients. The graph with BatchNorm folded into the convolutions, and
// additions and ReLU too; one batch size, one backend.
#pragma once

#include <span>

#include "exec/plan.h"
#include "graph/passes/fold.h"
#include "model/model.h"

namespace orthrus {

// The graph that a plan for inference is made of: `folded`, and all that can be fused in it.
[[nodiscard]] Graph inference_graph(const FoldedGraph& folded);

class Inference {
 public:
  // Compiles and loads the model's parameters. The model may go afterwards. Throws what Plan
  // throws.
  Inference(const Model& model, int64_t batch_size, Backend& backend);

  // Other values for the same network.
  void load_parameters(const NamedTensors& parameters) {
    plan_.load_parameters(fold_parameters(folded_, parameters));
  }

  // Computes the answers to `images` (N,C,H,W), N being the batch size.
  void run(const Tensor& images);
  // (N, classes) of tasks[task], row-major; valid until the next run().
  [[nodiscard]] std::span<const float> probabilities(size_t task) const {
    return plan_.output(static_cast<int>(task));
  }
  [[nodiscard]] const Plan& plan() const { return plan_; }

 private:
  std::string input_;
  FoldedGraph folded_;
  Plan plan_;
};

}  // namespace orthrus
