// First values of parameters that no file provides, by MXNet's rules (python/mxnet/initializer.py
// in MXNet 1.9.1: Initializer, and Xavier with rnd_type gaussian, factor_type in, magnitude 2),
// drawn from Orthrus' own random streams: the same seed gives the same values, whatever else is
// initialised.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "tensor/tensor.h"

namespace orthrus {

// Values (float32) for the parameters and running statistics `names` of `graph`. `shapes` are those
// of infer_shapes(graph, ...), by node. By the end of the name:
//   weight                                normal(0, sqrt(2 / fan_in)), fan_in = the product of all
//                                         dimensions but the first (He et al. 2015,
//                                         arXiv:1502.01852)
//   bias, beta, moving_mean, running_mean 0
//   gamma, moving_var, running_var        1; a PReLU's gamma 0.25
// Element i of a weight is the i-th normal number of the stream (seed, kInitialise, 0, hash of the
// name). Throws kInput naming the parameter: any other name, a weight of fewer than two dimensions,
// or a name that is not one of the graph's parameters.
[[nodiscard]] NamedTensors initialise(const Graph& graph, const std::vector<Shape>& shapes,
                                      uint64_t seed, std::span<const std::string> names);

}  // namespace orthrus
