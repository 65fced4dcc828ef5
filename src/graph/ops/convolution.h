// Convolution in two dimensions: dst[n,o,y,x] = bias[o] + sum over the o-th group's input channels
// i and taps (r,s) of weight[o,i,r,s] * src[n,i, y*stride_h - pad_h + r*dilate_h, x*stride_w -
// pad_w + s*dilate_w]. Attributes as in MXNet's Convolution (src/operator/nn/convolution-inl.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/ops/input_shapes.h"

namespace orthrus {

// A pair for the height and the width.
struct Pair {
  int64_t h = 1;
  int64_t w = 1;
  bool operator==(const Pair&) const = default;
};

struct Convolution {
  static constexpr std::string_view kName = "Convolution";
  int64_t num_filter = 0;  // output channels O
  Pair kernel;
  Pair stride{1, 1};
  Pair dilate{1, 1};
  Pair pad{0, 0};
  int64_t num_group = 1;
  bool has_bias = true;
  bool operator==(const Convolution&) const = default;
};

[[nodiscard]] std::vector<std::string> input_names(const Convolution& op);
[[nodiscard]] std::vector<Shape> infer_shapes(const Convolution& op, InputShapes& inputs);

}  // namespace orthrus
