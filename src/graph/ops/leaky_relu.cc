#include "graph/ops/leaky_relu.h"

#include "base/error.h"

namespace orthrus {

std::vector<std::string> input_names(const LeakyRelu& op) {
  if (op.kind == LeakyKind::kPrelu) return {"data", "gamma"};
  return {"data"};
}

std::vector<Shape> infer_shapes(const LeakyRelu& op, InputShapes& inputs) {
  const Shape data = inputs.known(0);
  if (op.kind == LeakyKind::kPrelu) {
    if (data.rank() < 2)
      throw input_error("data has shape {}, expected (N,C,...)", data.to_string());
    const bool shared = inputs.shapes()[1] == Shape{1};  // one slope for all channels
    inputs.expect(1, shared ? Shape{1} : Shape{data[1]});
  }
  return {data};
}

}  // namespace orthrus
