#include "graph/ops/add.h"

#include "base/error.h"

namespace orthrus {

std::vector<std::string> input_names(const Add& op) {
  std::vector<std::string> names;
  for (int i = 0; i < op.num_inputs; ++i) names.push_back(fmt::format("arg{}", i));
  return names;
}

std::vector<Shape> infer_shapes(const Add& op, InputShapes& inputs) {
  const Shape data = inputs.known(0);
  for (int i = 1; i < op.num_inputs; ++i) inputs.expect(i, data);
  return {data};
}

}  // namespace orthrus
