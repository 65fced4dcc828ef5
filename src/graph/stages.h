// Points and stages of a network: where it can be divided into a part below, which is computed
// first, and a part above. It reads graphs and shapes, and divides nothing itself.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace orthrus {

// The nodes up to `last` through which everything flows: what is computed behind such a node reads,
// of all that comes before, its output alone. In graph order; the first is the picture input.
[[nodiscard]] std::vector<int> find_points(const Graph& graph, int last);

// What lies between two points. A stage ends where the picture shrinks: at the last point before.
// BatchNorm and ReLU of a network that normalises before its convolutions belong to what follows
// them, and a global pooling ends no stage.
struct Stage {
  int begin = 0;                  // the point that the stage reads
  int end = 0;                    // the point that it computes
  int64_t height = 1, width = 1;  // of its last picture of more than one pixel
};

// The stages up to `last`, from the pictures on; each holds at least one parameter. `shapes`: of
// every node, as infer_shapes() gives them.
[[nodiscard]] std::vector<Stage> find_stages(const Graph& graph, const std::vector<Shape>& shapes,
                                             int last);

}  // namespace orthrus
