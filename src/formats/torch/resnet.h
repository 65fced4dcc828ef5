// Residual networks as torchvision and timm publish them: a safetensors file of the module's state
// dict, whose names (conv1.weight, bn1.running_mean, layer1.0.conv1.weight,
// layer2.0.downsample.0.weight, fc.weight) and shapes say which network it is
// (torchvision/models/resnet.py, timm/models/resnet.py). What they do not say is taken from there:
// a 7x7 stem with stride 2 and max pooling, a bottleneck's stride in its 3x3 convolution ("v1.5"),
// BatchNorm's eps 1e-5.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "formats/safetensors/safetensors.h"
#include "graph/graph.h"

namespace orthrus::torch {

struct Network {
  Graph graph;              // with the names of graph/builders/resnet.h
  NamedTensors parameters;  // float32, of every parameter and auxiliary of the graph but the head's
  std::map<std::string, std::string> stored_names;  // of each parameter, in the file
  bool has_head = true;  // else the head's parameters, fc1_weight and fc1_bias, are missing
  std::vector<std::string> notes;  // a sentence each: prefix, head and tensors that are not used
};

// True when names, behind whatever prefix, are those of a residual network, be it one that is
// supported or not.
[[nodiscard]] bool is_resnet(const SafetensorsHeader& header);

// The network under whatever prefix it is complete; heads and prefixes as state_dict.h says. Throws
// kInput listing the names that are missing, unknown, or of another shape than in a plain ResNet
// (wide ones, ResNeXt, and timm's variants with other stems or blocks are none), for several
// networks none of which is the obvious one, and for values beyond float32's range.
[[nodiscard]] Network read_resnet(const SafetensorsFile& file);

// What is_resnet and read_resnet take, for hints.
inline constexpr const char* kSupportedResnets =
    "the weights of ResNet-18, 34, 50, 101 and 152 under torchvision's or timm's names "
    "(conv1.weight, layer1.0.conv1.weight, ..., fc.weight)";

}  // namespace orthrus::torch
