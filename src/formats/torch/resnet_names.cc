#include "formats/torch/resnet_names.h"

#include <fmt/format.h>

namespace orthrus::torch {
namespace {

constexpr int kStages = 4;
constexpr double kTorchEps = 1e-5;
constexpr int64_t kWidestStage = 65536;  // channels

std::string block_name(int stage, int unit) {
  return fmt::format("layer{}.{}", stage, unit);
}

// Output channels of a convolution's weight; `otherwise` when there is none of a usable shape,
// which the comparison of all shapes then tells.
int64_t width_of(const NamedTensors& tensors, const std::string& name, int64_t otherwise) {
  const auto found = tensors.find(name);
  if (found == tensors.end() || found->second.shape().rank() < 1) return otherwise;
  const int64_t width = found->second.shape()[0];
  return width >= 4 && width <= kWidestStage && width % 4 == 0 ? width : otherwise;
}

void add_batch_norm(std::vector<NamePair>& names, const std::string& stored,
                    const std::string& graph) {
  names.push_back({stored + ".weight", graph + "_gamma"});
  names.push_back({stored + ".bias", graph + "_beta"});
  names.push_back({stored + ".running_mean", graph + "_moving_mean"});
  names.push_back({stored + ".running_var", graph + "_moving_var"});
}

}  // namespace

ResnetSpec spec_of(const NamedTensors& tensors) {
  ResnetSpec spec{.version = ResnetVersion::kV1b,
                  .stem = ResnetStem::kLarge,
                  .bottleneck = tensors.contains("layer1.0.conv3.weight"),
                  .units = {},
                  .stem_width = width_of(tensors, "conv1.weight", 64),
                  .widths = {},
                  .lean_shortcuts = true,
                  .eps = kTorchEps};
  const char* last = spec.bottleneck ? ".conv3.weight" : ".conv2.weight";
  int64_t width = spec.bottleneck ? 256 : 64;
  for (int stage = 1; stage <= kStages; ++stage) {
    int units = 1;
    while (tensors.contains(block_name(stage, units) + ".conv1.weight")) ++units;
    width = width_of(tensors, block_name(stage, 0) + last, width);
    spec.units.push_back(units);
    spec.widths.push_back(width);
    width *= 2;
  }
  return spec;
}

std::vector<NamePair> names_of(const ResnetSpec& spec, const Graph& graph) {
  std::vector<NamePair> names = {{"conv1.weight", "conv0_weight"}};
  add_batch_norm(names, "bn1", "bn0");
  for (int stage = 1; stage <= kStages; ++stage) {
    for (int unit = 0; unit < spec.units[static_cast<size_t>(stage - 1)]; ++unit) {
      const std::string stored = block_name(stage, unit) + ".";
      const std::string ours = fmt::format("stage{}_unit{}_", stage, unit + 1);
      for (int i = 1; i <= (spec.bottleneck ? 3 : 2); ++i) {
        names.push_back(
            {fmt::format("{}conv{}.weight", stored, i), fmt::format("{}conv{}_weight", ours, i)});
        add_batch_norm(names, fmt::format("{}bn{}", stored, i), fmt::format("{}bn{}", ours, i));
      }
      if (!graph.find(ours + "sc")) continue;
      names.push_back({stored + "downsample.0.weight", ours + "conv1sc_weight"});
      add_batch_norm(names, stored + "downsample.1", ours + "sc");
    }
  }
  return names;
}

}  // namespace orthrus::torch
