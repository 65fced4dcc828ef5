#include "graph/ops/input_shapes.h"

#include "base/error.h"

namespace orthrus {

const Shape& InputShapes::known(int index) const {
  const std::optional<Shape>& shape = shapes_[static_cast<size_t>(index)];
  if (!shape) {
    throw input_error("the shape of input '{}' is unknown", names_[static_cast<size_t>(index)]);
  }
  return *shape;
}

const Shape& InputShapes::known(int index, int rank) const {
  const Shape& shape = known(index);
  if (shape.rank() != rank) {
    throw input_error("input '{}' has shape {}, expected {} dimensions",
                      names_[static_cast<size_t>(index)], shape.to_string(), rank);
  }
  return shape;
}

void InputShapes::expect(int index, const Shape& shape) {
  std::optional<Shape>& slot = shapes_[static_cast<size_t>(index)];
  if (slot && *slot != shape) {
    throw input_error("input '{}' has shape {}, expected {}", names_[static_cast<size_t>(index)],
                      slot->to_string(), shape.to_string());
  }
  slot = shape;
}

}  // namespace orthrus
