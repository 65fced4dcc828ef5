// The fold pass, for inference: a BatchNorm behind a convolution becomes part of its weights,
//   weight' = weight * scale, bias' = beta + (bias - moving_mean) * scale,
//   scale = gamma / sqrt(moving_var + eps) for each output channel,
// so that it costs nothing. The answers stay the same but for rounding.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "tensor/tensor.h"

namespace orthrus {

// One BatchNorm that went into a convolution: the names of the parameters that take part.
struct FoldedBatchNorm {
  std::string weight;
  std::string bias;  // of the convolution before; empty: it had none
  std::string gamma, beta, mean, variance;
  double eps = 0;
  bool fix_gamma = false;  // gamma counts as 1
};

struct FoldedGraph {
  // The convolutions bear the names of the BatchNorms, whose values they compute, and take their
  // beta as bias. Parameters that nobody reads any more are gone.
  Graph graph;
  std::vector<FoldedBatchNorm> folded;
};

// Folds each BatchNorm that is the only reader of a convolution, if no other layer reads the
// convolution's weight or the BatchNorm's beta, and the convolution is no output of the graph nor
// named in `keep`.
[[nodiscard]] FoldedGraph fold_batch_norm(const Graph& graph,
                                          const std::vector<std::string>& keep = {});

// The parameters of the folded graph from those of the graph that it was made from. Tensors that
// folding does not change are shared. Throws kInput when one is missing or has another shape.
[[nodiscard]] NamedTensors fold_parameters(const FoldedGraph& folded,
                                           const NamedTensors& parameters);

}  // namespace orthrus
