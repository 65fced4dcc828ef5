#include "graph/ops/batch_norm.h"

#include "base/error.h"

namespace orthrus {

std::vector<std::string> input_names(const BatchNorm& op) {
  std::vector<std::string> names = {"data", "gamma", "beta", "moving_mean", "moving_var"};
  if (op.fused_add) names.push_back("residual");
  return names;
}

std::vector<Shape> infer_shapes(const BatchNorm& op, InputShapes& inputs) {
  const Shape data = inputs.known(0);
  if (data.rank() < 2) throw input_error("data has shape {}, expected (N,C,...)", data.to_string());
  for (int parameter = 1; parameter <= 4; ++parameter) inputs.expect(parameter, {data[1]});
  if (op.fused_add) inputs.expect(5, data);
  return {data};
}

}  // namespace orthrus
