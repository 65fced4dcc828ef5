// The stochastic depth pass, for training: residual branches that are left out at random.
#pragma once

#include "graph/graph.h"

namespace orthrus {

// Returns the graph in which each residual branch is left out for a picture with a probability that
// grows with its number, p / L for the first of L to p for the last, and divided by the probability
// that it is not (Huang et al. 2016, arXiv:1603.09382, equation 4; the mean is that of inference,
// where nothing changes). A branch is the operand of an Add of two with more convolutions in a row
// before it; an Add whose operands have as many is left alone. Throws kUsage where there is no
// branch.
[[nodiscard]] Graph add_stochastic_depth(const Graph& graph, double p);

}  // namespace orthrus
