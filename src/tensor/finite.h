// Whether values are numbers that one can compute with.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace orthrus {

// False where a value is NaN or infinite.
[[nodiscard]] bool all_finite(std::span<const float> values);

// Names of the float32 tensors with such a value, in order.
[[nodiscard]] std::vector<std::string> non_finite_tensors(const NamedTensors& tensors);

}  // namespace orthrus
