#include "graph/ops/logistic_output.h"

namespace orthrus {

std::vector<std::string> input_names(const LogisticOutput& op) {
  std::vector<std::string> names = {"data", "label"};
  if (op.has_sample_weight) names.push_back("sample_weight");
  return names;
}

std::vector<Shape> infer_shapes(const LogisticOutput& op, InputShapes& inputs) {
  const Shape data = inputs.known(0, 2);
  inputs.expect(1, data);
  if (op.has_sample_weight) inputs.expect(2, data);
  return {data};
}

}  // namespace orthrus
