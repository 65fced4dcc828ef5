#include "graph/ops/flatten.h"

#include "base/error.h"

namespace orthrus {

std::vector<std::string> input_names(const Flatten&) {
  return {"data"};
}

std::vector<Shape> infer_shapes(const Flatten&, InputShapes& inputs) {
  const Shape data = inputs.known(0);
  if (data.rank() < 1) throw input_error("a scalar cannot be flattened");
  return {{data[0], data.elements(1)}};
}

}  // namespace orthrus
