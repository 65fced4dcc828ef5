#include "backend/kernel.h"

#include <algorithm>

namespace orthrus {

BufferDesc plain_desc(const Shape& shape, DType dtype) {
  return {.shape = shape,
          .dtype = dtype,
          .layout = {},
          .size_bytes = checked_multiply(static_cast<size_t>(shape.elements()), size_of(dtype))};
}

bool KernelRequest::any_gradient() const {
  return std::ranges::any_of(input_gradients, [](bool wanted) { return wanted; });
}

}  // namespace orthrus
