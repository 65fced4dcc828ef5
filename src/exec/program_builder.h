// Compiles a graph into a Program: chooses a kernel per node, inserts reorders where layouts
// differ, emits forward and backward steps, and finds out which gradients meet where.
//
// How gradients meet: a value that several nodes read gets one gradient term from each of them. A
// kernel that offers it adds an earlier term while it writes its own (kInputGradientAddend), or
// takes two terms at once (kOutputGradient2); whatever is left over is added by explicit sum steps.
#pragma once

#include <map>
#include <string>

#include "exec/plan.h"
#include "exec/program.h"

namespace orthrus {

// Throws kInput as Plan's constructor does. Buffers have lifetimes but no addresses yet.
[[nodiscard]] Program build_program(const Graph& graph,
                                    const std::map<std::string, Shape>& input_shapes,
                                    Backend& backend, const PlanOptions& options);

}  // namespace orthrus
