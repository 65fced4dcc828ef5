// Where a residual network lies in a state dict. Wrappers put prefixes before its names
// (DataParallel "module.", torch.compile "_orig_mod.", Lightning "model.", ...), self-supervised
// trainings keep it beside a second copy and projection heads (MoCo: module.encoder_q,
// module.encoder_k, module.queue), and its classifier has many names. This file knows names and
// shapes; what a plain network has to hold is resnet.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace orthrus::torch {

// What stands before "layer1.0." in a tensor's name, "" or ending in a dot; nothing where no such
// part is there.
[[nodiscard]] bool resnet_prefix(std::string_view name, std::string& prefix);

// All of a state dict's, without repeats, in the order in which a file with several complete
// networks is read: those whose names say that another one is meant for use come last (encoder_k,
// momentum, target, student, ema).
[[nodiscard]] std::vector<std::string> resnet_prefixes(const NamedTensors& tensors);
// Whether the names say so of this one.
[[nodiscard]] bool is_secondary(std::string_view prefix);

// The fully connected layer on the features, by the names of its tensors.
struct HeadNames {
  std::string layer;  // "fc", "head.fc", "fc.1", with what stands before it: "model.classifier"
  std::string weight, bias;
  [[nodiscard]] bool found() const { return !layer.empty(); }
};

// The head of the network with that prefix: a module of one of the usual names, below the prefix or
// beside the network, that holds a single layer of `features` inputs. A module with several layers
// is a projection head.
[[nodiscard]] HeadNames find_head(const NamedTensors& tensors, const std::string& prefix,
                                  int64_t features);

// True for the name (behind the prefix) of a tensor that is no part of what computes the features:
// heads, projections, queues, counters of steps.
[[nodiscard]] bool is_beside_features(std::string_view name, const Tensor& tensor);

}  // namespace orthrus::torch
