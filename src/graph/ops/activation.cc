#include "graph/ops/activation.h"

#include "base/error.h"

namespace orthrus {

std::vector<std::string> input_names(const Activation&) {
  return {"data"};
}

std::vector<Shape> infer_shapes(const Activation&, InputShapes& inputs) {
  return {inputs.known(0)};
}

}  // namespace orthrus
