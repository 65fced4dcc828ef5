// Residual networks by name, layer for layer and name for name as MXNet's example symbols build
// them (apache/mxnet example/image-classification/symbols/resnet.py and resnet-v1.py), so that
// parameters trained there fit. The graph has the input "data" (N,3,H,W), the label "softmax_label"
// (N) and the output "softmax"; values of parameters are none of this file's business
// (model/initialise.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace orthrus {

// v1: convolution, BatchNorm, ReLU; the ReLU comes after the addition (He et al. 2015,
// arXiv:1512.03385). v1b: the same, but a bottleneck's stride lies in its 3x3 convolution, not in
// its first 1x1. v2: BatchNorm, ReLU, convolution; the addition is untouched (He et al. 2016,
// arXiv:1603.05027).
enum class ResnetVersion { kV1, kV1b, kV2 };

enum class ResnetStem {
  kLarge,  // 7x7 with stride 2, then max pooling with stride 2: for pictures of about 224 pixels
  kSmall,  // 3x3 with stride 1: for pictures of 28 or 32 pixels
};

struct ResnetSpec {
  ResnetVersion version = ResnetVersion::kV2;
  ResnetStem stem = ResnetStem::kLarge;
  bool bottleneck = true;       // 1x1, 3x3, 1x1 with a quarter of the width; else 3x3, 3x3
  std::vector<int> units;       // residual units of each stage
  int64_t stem_width = 64;      // channels after the stem
  std::vector<int64_t> widths;  // channels after each stage, as many as units
  // Without it the first unit of a stage has a convolution on its shortcut even where nothing
  // changes size; with it, as in torchvision, only where something does.
  bool lean_shortcuts = false;
  double eps = 2e-5;  // of every BatchNorm
};

// Throws kUsage when num_classes < 1, kInternal on a specification that contradicts itself.
[[nodiscard]] Graph build_resnet(const ResnetSpec& spec, int64_t num_classes);

struct BuiltinNetwork {
  std::string name;         // "resnet50_v2"
  std::string description;  // one line
  ResnetSpec spec;
};

// Every network that can be built by name, in the order of a listing.
[[nodiscard]] const std::vector<BuiltinNetwork>& builtin_networks();

// Builds one of them; throws kUsage with a "did you mean" on any other name.
[[nodiscard]] Graph build_network(std::string_view name, int64_t num_classes);

}  // namespace orthrus
