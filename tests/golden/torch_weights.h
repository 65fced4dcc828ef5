// The weights of the goldens in tests/golden/torch, from the formula of its make.py.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "tensor/tensor.h"

namespace orthrus::testing {

// A number in [0, 1): a 32-bit hash of the name's FNV-1a hash and the place.
inline double torch_uniform(uint32_t seed, uint32_t place) {
  uint32_t x = place * 2654435761U + seed;
  x = (x ^ (x >> 16)) * 0x7FEB352DU;
  x = (x ^ (x >> 15)) * 0x846CA68BU;
  return (x ^ (x >> 16)) / 4294967296.0;
}

// The tensor that the state dict has under `name`; "data" is the pictures.
inline Tensor torch_value(const std::string& name, const Shape& shape) {
  if (name.ends_with("num_batches_tracked")) return Tensor::zeros(shape, DType::kI64);
  uint32_t seed = 2166136261U;
  for (const char byte : name) seed = (seed ^ static_cast<uint8_t>(byte)) * 16777619U;
  double scale = 0.4, offset = -0.2;
  if (name == "data") {
    scale = 4, offset = -2;
  } else if (shape.rank() > 1) {
    offset = -std::sqrt(6.0 / static_cast<double>(shape.elements(1)));
    scale = -2 * offset;
  } else if (name.ends_with("running_var") || name.ends_with("weight")) {
    scale = 1, offset = 0.5;
  }
  Tensor tensor(shape, DType::kF32);
  uint32_t place = 0;
  for (float& value : tensor.data()) {
    value = static_cast<float>(scale * torch_uniform(seed, place++) + offset);
  }
  return tensor;
}

}  // namespace orthrus::testing
