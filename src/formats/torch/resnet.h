// Residual networks as torchvision and timm publish them: a safetensors file of the module's state
// dict, whose names (conv1.weight, bn1.running_mean, layer1.0.conv1.weight,
// layer2.0.downsample.0.weight, fc.weight) and shapes say which network it is
// (torchvision/models/resnet.py, timm/models/resnet.py). What they do not say is taken from there:
// a 7x7 stem with stride 2 and max pooling, a bottleneck's stride in its 3x3 convolution ("v1.5"),
// BatchNorm's eps 1e-5.
#pragma once

#include <string>
#include <vector>

#include "formats/safetensors/safetensors.h"
#include "graph/graph.h"

namespace orthrus::torch {

struct Network {
  Graph graph;              // with the names of graph/builders/resnet.h
  NamedTensors parameters;  // float32, of every parameter and auxiliary of the graph
};

// True when the names are those of a residual network, be it one that is supported or not.
[[nodiscard]] bool is_resnet(const SafetensorsHeader& header);

// Throws kInput listing the names that are missing, unknown, or of another shape than in a plain
// ResNet (wide ones, ResNeXt, and timm's variants with other stems or blocks are none).
[[nodiscard]] Network read_resnet(const SafetensorsFile& file);

// What is_resnet and read_resnet take, for hints.
inline constexpr const char* kSupportedResnets =
    "the weights of ResNet-18, 34, 50, 101 and 152 under torchvision's or timm's names "
    "(conv1.weight, layer1.0.conv1.weight, ..., fc.weight)";

}  // namespace orthrus::torch
