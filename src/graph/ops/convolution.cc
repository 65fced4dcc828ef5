#include "graph/ops/convolution.h"

#include "base/error.h"

namespace orthrus {

namespace {

// Output size along one axis; throws when the window does not fit.
int64_t output_size(int64_t size, int64_t kernel, int64_t stride, int64_t dilate, int64_t pad) {
  const int64_t window = dilate * (kernel - 1) + 1;
  if (size + 2 * pad < window) {
    throw input_error("a window of {} does not fit into {} pixels with a padding of {}", window,
                      size, pad);
  }
  return (size + 2 * pad - window) / stride + 1;
}

}  // namespace

std::vector<std::string> input_names(const Convolution& op) {
  std::vector<std::string> names = {"data", "weight"};
  if (op.has_bias) names.push_back("bias");
  if (op.fused_add) names.push_back("residual");
  return names;
}

std::vector<Shape> infer_shapes(const Convolution& op, InputShapes& inputs) {
  const Shape data = inputs.known(0, 4);
  if (op.num_filter < 1 || op.num_group < 1 || data[1] % op.num_group != 0 ||
      op.num_filter % op.num_group != 0) {
    throw input_error("{} input and {} output channels cannot form {} groups", data[1],
                      op.num_filter, op.num_group);
  }
  inputs.expect(1, {op.num_filter, data[1] / op.num_group, op.kernel.h, op.kernel.w});
  if (op.has_bias) inputs.expect(2, {op.num_filter});
  Shape output = {data[0], op.num_filter,
                  output_size(data[2], op.kernel.h, op.stride.h, op.dilate.h, op.pad.h),
                  output_size(data[3], op.kernel.w, op.stride.w, op.dilate.w, op.pad.w)};
  if (op.fused_add) inputs.expect(op.residual_input(), output);
  return {output};
}

}  // namespace orthrus
