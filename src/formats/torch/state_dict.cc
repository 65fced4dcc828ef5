#include "formats/torch/state_dict.h"

#include <algorithm>
#include <array>
#include <set>

namespace orthrus::torch {
namespace {

constexpr std::string_view kFirstBlock = "layer1.0.";
constexpr std::string_view kWeight = ".weight";

// The likelier ones first.
constexpr std::array<std::string_view, 14> kHeads = {
    "fc",     "head",   "heads", "classifier", "last_linear", "linear",      "linear_classifier",
    "logits", "output", "cls",   "cls_head",   "head_fc",     "linear_head", "classification_head"};
constexpr std::array<std::string_view, 8> kBeside = {"proj",      "pred",     "queue",   "mlp",
                                                     "prototype", "contrast", "decoder", "aux"};
constexpr std::array<std::string_view, 7> kSecondary = {
    "encoder_k", "key_encoder", "momentum", "target", "student", "ema", "shadow"};

std::string_view first_component(std::string_view name) {
  return name.substr(0, name.find('.'));
}

// The scopes in which a head may lie: the network's own, then those around it.
std::vector<std::string> scopes_of(std::string prefix) {
  std::vector<std::string> scopes = {prefix};
  while (!prefix.empty()) {
    prefix.pop_back();
    const size_t dot = prefix.rfind('.');
    prefix.resize(dot == std::string::npos ? 0 : dot + 1);
    scopes.push_back(prefix);
  }
  return scopes;
}

HeadNames head_in(const NamedTensors& tensors, const std::string& module, int64_t features) {
  HeadNames head;
  size_t count = 0;
  for (auto at = tensors.lower_bound(module + "."); at != tensors.end(); ++at) {
    const auto& [name, tensor] = *at;
    if (!name.starts_with(module + ".")) break;
    ++count;
    if (!name.ends_with(kWeight) || tensor.shape().rank() != 2) continue;
    if (head.found() || tensor.shape()[0] < 1 || tensor.shape()[1] != features) return {};
    head.layer = name.substr(0, name.size() - kWeight.size());
  }
  if (!head.found()) return {};
  head.weight = head.layer + std::string(kWeight);
  head.bias = head.layer + ".bias";
  const auto bias = tensors.find(head.bias);
  const bool whole =
      bias != tensors.end() && bias->second.shape() == Shape{tensors.at(head.weight).shape()[0]};
  return whole && count == 2 ? head : HeadNames{};
}

// What stands between the name of a module around the network and its own names.
bool ends_prefix(char c) {
  return c == '.' || c == '/' || c == '_' || c == ':' || c == '-';
}

bool is_head_name(std::string_view name) {
  return std::ranges::any_of(kHeads, [&](std::string_view head) {
    if (!name.starts_with(head)) return false;
    const std::string_view rest = name.substr(head.size());  // of "fc2", "head_colour"
    return rest.empty() || rest[0] == '_' || rest[0] == '-' || (rest[0] >= '0' && rest[0] <= '9');
  });
}

}  // namespace

bool resnet_prefix(std::string_view name, std::string& prefix) {
  size_t at = name.find(kFirstBlock);
  while (at != name.npos && at > 0 && !ends_prefix(name[at - 1]))
    at = name.find(kFirstBlock, at + 1);
  if (at == name.npos) return false;
  prefix = name.substr(0, at);
  return true;
}

bool is_secondary(std::string_view prefix) {
  return std::ranges::any_of(
      kSecondary, [&](std::string_view word) { return prefix.find(word) != prefix.npos; });
}

std::vector<std::string> resnet_prefixes(const NamedTensors& tensors) {
  std::set<std::string> found;
  std::string prefix;
  for (const auto& [name, tensor] : tensors) {
    if (resnet_prefix(name, prefix)) found.insert(prefix);
  }
  std::vector<std::string> prefixes(found.begin(), found.end());
  std::stable_partition(prefixes.begin(), prefixes.end(),
                        [](const std::string& p) { return !is_secondary(p); });
  return prefixes;
}

HeadNames find_head(const NamedTensors& tensors, const std::string& prefix, int64_t features) {
  for (const std::string& scope : scopes_of(prefix)) {
    for (const std::string_view name : kHeads) {
      HeadNames head = head_in(tensors, scope + std::string(name), features);
      if (head.found()) return head;
    }
  }
  return {};
}

bool is_beside_features(std::string_view name, const Tensor& tensor) {
  if (tensor.shape().rank() == 0) return true;
  const std::string_view first = first_component(name);
  return is_head_name(first) || std::ranges::any_of(kBeside, [&](std::string_view word) {
           return first.starts_with(word);
         });
}

}  // namespace orthrus::torch
