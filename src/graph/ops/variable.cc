#include "graph/ops/variable.h"

#include "base/error.h"

namespace orthrus {

std::vector<std::string> input_names(const Variable&) {
  return {};
}

std::vector<Shape> infer_shapes(const Variable&, InputShapes&) {
  throw internal_error("a variable has no shape rule");
}

}  // namespace orthrus
