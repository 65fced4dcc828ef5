#include "graph/ops/dropout.h"

#include "base/error.h"

namespace orthrus {

std::vector<std::string> input_names(const Dropout&) {
  return {"data"};
}

std::vector<Shape> infer_shapes(const Dropout& op, InputShapes& inputs) {
  if (!(op.p >= 0 && op.p < 1))
    throw input_error("a dropout probability of {} is not in [0, 1)", op.p);
  return {inputs.known(0)};
}

}  // namespace orthrus
