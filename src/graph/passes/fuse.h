// The fuse passes: BatchNorm, or in inference a convolution, takes the ReLU, and the addition
// between them, that follow it, so that a backend reads and writes the pictures once rather than
// twice or three times. They change no value that anyone can still ask for, and no parameter's
// name.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace orthrus {

// Returns the graph in which
//   BatchNorm -> ReLU                   (pre-activation networks)  is one BatchNorm with
//   fused_relu, BatchNorm -> Add of two -> ReLU     (post-activation networks) is one BatchNorm
//   with fused_add and
//                                       fused_relu, whose input 5 is the Add's other operand.
// The fused node bears the ReLU's name, since the ReLU's value is what it computes. A chain stays
// as it is where one of its inner values is read by anyone else, is an output of the graph, or is a
// layer named in `keep`. Where both operands of an Add could take it, the first one does.
[[nodiscard]] Graph fuse_batch_norm(const Graph& graph, const std::vector<std::string>& keep = {});

// For inference: the same with Convolution in the place of BatchNorm, where also
//   Convolution -> Add of two
// without a ReLU is one Convolution with fused_add, which bears the Add's name. The residual is its
// last input.
[[nodiscard]] Graph fuse_convolution(const Graph& graph, const std::vector<std::string>& keep = {});

}  // namespace orthrus
