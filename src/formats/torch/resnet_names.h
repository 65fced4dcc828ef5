// The names of a plain residual network's tensors in a PyTorch state dict, and what they say of the
// network: depth, widths, kind of blocks. Without the head, whose names differ (state_dict.h).
#pragma once

#include <string>
#include <vector>

#include "graph/builders/resnet.h"
#include "graph/graph.h"
#include "tensor/tensor.h"

namespace orthrus::torch {

// A parameter's name in the state dict and in the graph.
struct NamePair {
  std::string stored;
  std::string graph;
};

// The network that names and shapes describe; shapes that none can have count as usual ones, which
// the comparison of all shapes then tells.
[[nodiscard]] ResnetSpec spec_of(const NamedTensors& tensors);

// Of all parameters of its graph but the head's.
[[nodiscard]] std::vector<NamePair> names_of(const ResnetSpec& spec, const Graph& graph);

}  // namespace orthrus::torch
