#include "formats/torch/resnet.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/error.h"
#include "graph/builders/resnet.h"

namespace orthrus::torch {
namespace {

constexpr int kStages = 4;
constexpr double kTorchEps = 1e-5;
constexpr int64_t kWidestStage = 65536;  // channels
constexpr int64_t kSidePixels = 224;     // parameters have the same shapes at any other
constexpr std::string_view kStep = "num_batches_tracked";  // no part of the arithmetic

// A parameter's name in the state dict and in the graph.
struct NamePair {
  std::string stored;
  std::string graph;
};

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

void add_batch_norm(std::vector<NamePair>& names, const std::string& stored,
                    const std::string& graph) {
  names.push_back({stored + ".weight", graph + "_gamma"});
  names.push_back({stored + ".bias", graph + "_beta"});
  names.push_back({stored + ".running_mean", graph + "_moving_mean"});
  names.push_back({stored + ".running_var", graph + "_moving_var"});
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
  names.push_back({"fc.weight", "fc1_weight"});
  names.push_back({"fc.bias", "fc1_bias"});
  return names;
}

// The first names of a list, and how many more there are.
std::string shortened(const std::vector<std::string>& names) {
  constexpr size_t kMostShown = 12;
  const size_t shown = std::min(names.size(), kMostShown);
  const std::vector<std::string> first(names.begin(), names.begin() + static_cast<long>(shown));
  return fmt::format("{}{}", fmt::join(first, ", "),
                     shown < names.size() ? fmt::format(" and {} more", names.size() - shown) : "");
}

bool is_float(DType type) {
  return type == DType::kF32 || type == DType::kF64 || type == DType::kF16 || type == DType::kBF16;
}

// What keeps a tensor from being the parameter of that shape; empty when nothing does.
std::string misfit(const std::string& name, const Tensor& tensor, const Shape& shape) {
  if (tensor.shape() != shape) {
    return fmt::format("'{}' has the shape {}, a plain ResNet has {}", name,
                       tensor.shape().to_string(), shape.to_string());
  }
  if (!is_float(tensor.dtype())) {
    return fmt::format("'{}' has elements of the type {}", name, name_of(tensor.dtype()));
  }
  return {};
}

// What is wrong with a state dict, in three lists.
struct Findings {
  std::vector<std::string> missing, unknown, misfits;

  void raise() const {
    std::string text;
    const auto add = [&](const char* what, const std::vector<std::string>& names) {
      if (names.empty()) return;
      text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", what, shortened(names));
    };
    add("missing", missing);
    add("unknown", unknown);
    add("of another kind", misfits);
    if (text.empty()) return;
    throw input_error("it is not the state dict of a plain ResNet: {}", text)
        .with_hint(fmt::format("supported are {}", kSupportedResnets));
  }
};

}  // namespace

bool is_resnet(const SafetensorsHeader& header) {
  const auto first = header.tensors.lower_bound("layer1.0.");
  return first != header.tensors.end() && first->first.starts_with("layer1.0.");
}

Network read_resnet(const SafetensorsFile& file) {
  const ResnetSpec spec = spec_of(file.tensors);
  const auto classifier = file.tensors.find("fc.bias");
  const bool has_classes = classifier != file.tensors.end() &&
                           classifier->second.shape().rank() == 1 &&
                           classifier->second.shape()[0] >= 1;
  Network network;
  network.graph = build_resnet(spec, has_classes ? classifier->second.shape()[0] : 1000);
  const std::vector<Shape> shapes =
      infer_shapes(network.graph, {{"data", Shape{1, 3, kSidePixels, kSidePixels}}});

  Findings findings;
  std::set<std::string> known;
  for (const auto& [stored, name] : names_of(spec, network.graph)) {
    known.insert(stored);
    const auto found = file.tensors.find(stored);
    if (found == file.tensors.end()) {
      findings.missing.push_back(stored);
      continue;
    }
    const int node = network.graph.find(name).value();
    std::string problem = misfit(stored, found->second, shapes[static_cast<size_t>(node)]);
    if (!problem.empty()) findings.misfits.push_back(std::move(problem));
    network.parameters.emplace(name, found->second);
  }
  for (const auto& [name, tensor] : file.tensors) {
    const bool step = name == kStep || name.ends_with("." + std::string(kStep));
    if (!step && !known.contains(name)) findings.unknown.push_back(name);
  }
  findings.raise();
  for (auto& [name, tensor] : network.parameters) tensor = tensor.to_f32();
  return network;
}

}  // namespace orthrus::torch
