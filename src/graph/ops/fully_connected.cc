#include "graph/ops/fully_connected.h"

#include "base/error.h"

namespace orthrus {

std::vector<std::string> input_names(const FullyConnected& op) {
  std::vector<std::string> names = {"data", "weight"};
  if (op.has_bias) names.push_back("bias");
  return names;
}

std::vector<Shape> infer_shapes(const FullyConnected& op, InputShapes& inputs) {
  const Shape data = inputs.known(0);
  if (data.rank() < 2) throw input_error("data has shape {}, expected (N,...)", data.to_string());
  if (op.num_hidden < 1) throw input_error("num_hidden is {}, expected at least 1", op.num_hidden);
  inputs.expect(1, {op.num_hidden, data.elements(1)});
  if (op.has_bias) inputs.expect(2, {op.num_hidden});
  return {{data[0], op.num_hidden}};
}

}  // namespace orthrus
