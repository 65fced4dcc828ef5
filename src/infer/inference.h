// Inference: a model compiled to answer batches of pictures, with BatchNorm's running statistics
// and without labels or gradients. The graph with BatchNorm folded into the convolutions, and
// additions and ReLU too; one batch size, one backend. Answers have the temperatures of the model's
// tasks: a head's weights are loaded divided by it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "exec/plan.h"
#include "graph/passes/fold.h"
#include "model/model.h"

namespace orthrus {

// The graph that a plan for inference is made of: `folded`, and all that can be fused in it, but
// for the layers named in `keep`.
[[nodiscard]] Graph inference_graph(const FoldedGraph& folded,
                                    const std::vector<std::string>& keep = {});

class Inference {
 public:
  // Compiles and loads the model's parameters. The model may go afterwards. `keep_features`: what
  // the heads stand on can be asked for. Throws what Plan throws.
  Inference(const Model& model, int64_t batch_size, Backend& backend, bool keep_features = false);

  // A part of a network whose only input has that shape; `parameters` may hold more.
  Inference(const Graph& graph, std::string input, const Shape& input_shape,
            const NamedTensors& parameters, Backend& backend);

  // Other values for the same network.
  void load_parameters(NamedTensors parameters);

  // From now on the answers are the means of those to each picture and to its mirror image.
  void average_mirrored();

  // Computes the answers to `images` (N,C,H,W), N being the batch size, or whatever the part of a
  // network reads.
  void run(const Tensor& images);
  // (N, Task::outputs()) of tasks[task], row-major; valid until the next run(). Those of an ordinal
  // task become probabilities by tasks/ordinal.h.
  [[nodiscard]] std::span<const float> probabilities(size_t task) const {
    return means_.empty() ? plan_.output(static_cast<int>(task)) : means_[task];
  }
  // The same of any output.
  [[nodiscard]] std::span<const float> output(int index) const { return plan_.output(index); }
  [[nodiscard]] bool keeps_features() const { return !features_.empty(); }
  // What the heads stand on (tasks/heads.h, find_features): N rows, of whatever shape, row-major.
  [[nodiscard]] std::span<const float> features() const { return plan_.kept(features_); }
  [[nodiscard]] const Plan& plan() const { return plan_; }
  // Of the last run(), the first layer or (folded) parameter that is not finite; empty: all are.
  [[nodiscard]] std::string find_non_finite() { return plan_.find_non_finite({}); }

 private:
  // Leaves the answers in means_.
  void run_mirrored(const Tensor& images);

  std::string input_;
  std::string features_;  // name of that layer; empty: not kept
  std::vector<Task> tasks_;
  FoldedGraph folded_;
  Plan plan_;
  std::vector<std::vector<float>> means_;  // of each task; empty: nothing is averaged
};

}  // namespace orthrus
