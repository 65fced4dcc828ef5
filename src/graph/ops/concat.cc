#include "graph/ops/concat.h"

#include "base/error.h"

namespace orthrus {

std::vector<std::string> input_names(const Concat& op) {
  std::vector<std::string> names;
  for (int i = 0; i < op.num_inputs; ++i) names.push_back(fmt::format("arg{}", i));
  return names;
}

std::vector<Shape> infer_shapes(const Concat& op, InputShapes& inputs) {
  Shape result = inputs.known(0);
  if (result.rank() < 2)
    throw input_error("inputs of shape {} have no channel axis", result.to_string());
  for (int i = 1; i < op.num_inputs; ++i) {
    Shape expected = inputs.known(i, result.rank());
    const int64_t channels = expected[1];
    expected = inputs.known(0);
    expected.set(1, channels);
    inputs.expect(i, expected);
    result.set(1, result[1] + channels);
  }
  return {result};
}

}  // namespace orthrus
