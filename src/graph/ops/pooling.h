// Pooling in two dimensions, with MXNet's two conventions (src/operator/nn/pooling-inl.h): valid
// rounds the output size down, full rounds it up, so that windows may hang over the padded edge and
// are clipped to it. An average counts the padding in its divisor (the window clipped to the padded
// image) or not. A window wholly outside the image gives -FLT_MAX (max) or 0 (average).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/ops/convolution.h"
#include "graph/ops/input_shapes.h"

namespace orthrus {

enum class PoolingKind { kMax, kAverage, kSum };
enum class PoolingConvention { kValid, kFull };

struct Pooling {
  static constexpr std::string_view kName = "Pooling";
  PoolingKind kind = PoolingKind::kMax;
  PoolingConvention convention = PoolingConvention::kValid;
  Pair kernel;
  Pair stride{1, 1};
  Pair pad{0, 0};
  bool global = false;  // one window over the whole picture; kernel, stride and pad are ignored
  bool count_include_pad = true;
  bool operator==(const Pooling&) const = default;
};

[[nodiscard]] std::vector<std::string> input_names(const Pooling& op);
[[nodiscard]] std::vector<Shape> infer_shapes(const Pooling& op, InputShapes& inputs);

}  // namespace orthrus
