// Dropout: in training each element is kept with probability 1 - p and divided by 1 - p, else 0; in
// inference the identity. Element i of a step is kept when the i-th uniform number of the stream
// (seed, kDropout, step, hash of the layer's name) is >= p; with `whole`, picture i, all of its
// elements together (MXNet's axes=(1, 2, 3)).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/ops/input_shapes.h"

namespace orthrus {

struct Dropout {
  static constexpr std::string_view kName = "Dropout";
  double p = 0.5;
  bool whole = false;
  bool operator==(const Dropout&) const = default;
};

[[nodiscard]] std::vector<std::string> input_names(const Dropout& op);
[[nodiscard]] std::vector<Shape> infer_shapes(const Dropout& op, InputShapes& inputs);

}  // namespace orthrus
