#include "graph/ops/pooling.h"

#include "base/error.h"

namespace orthrus {

namespace {

int64_t output_size(const Pooling& op, int64_t size, int64_t kernel, int64_t stride, int64_t pad) {
  const int64_t room = size + 2 * pad - kernel;
  if (room < 0) {
    throw input_error("a window of {} does not fit into {} pixels with a padding of {}", kernel,
                      size, pad);
  }
  if (op.convention == PoolingConvention::kFull) return (room + stride - 1) / stride + 1;
  return room / stride + 1;
}

}  // namespace

std::vector<std::string> input_names(const Pooling&) {
  return {"data"};
}

std::vector<Shape> infer_shapes(const Pooling& op, InputShapes& inputs) {
  const Shape data = inputs.known(0, 4);
  if (op.global) return {{data[0], data[1], 1, 1}};
  return {{data[0], data[1], output_size(op, data[2], op.kernel.h, op.stride.h, op.pad.h),
           output_size(op, data[3], op.kernel.w, op.stride.w, op.pad.w)}};
}

}  // namespace orthrus
