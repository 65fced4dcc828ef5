#include "graph/ops/softmax_output.h"

#include "base/error.h"

namespace orthrus {

std::vector<std::string> input_names(const SoftmaxOutput& op) {
  std::vector<std::string> names = {"data", "label"};
  if (op.has_sample_weight) names.push_back("sample_weight");
  return names;
}

std::vector<Shape> infer_shapes(const SoftmaxOutput& op, InputShapes& inputs) {
  const Shape data = inputs.known(0, 2);
  inputs.expect(1, {data[0]});
  if (op.has_sample_weight) inputs.expect(2, {data[0]});
  return {data};
}

}  // namespace orthrus
