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
  // Set by the fuse pass for inference, never by a file: dst = [relu](conv(src) [+ residual]). The
  // residual is the last input. There are no gradients of such a convolution.
  bool fused_add = false;
  bool fused_relu = false;
  [[nodiscard]] bool fused() const { return fused_add || fused_relu; }
  // Number of the input that is the residual.
  [[nodiscard]] int residual_input() const { return has_bias ? 3 : 2; }
  bool operator==(const Convolution&) const = default;
};

[[nodiscard]] std::vector<std::string> input_names(const Convolution& op);
[[nodiscard]] std::vector<Shape> infer_shapes(const Convolution& op, InputShapes& inputs);

}  // namespace orthrus
