#include "formats/torch/resnet.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "formats/torch/resnet_names.h"
#include "formats/torch/state_dict.h"
#include "tensor/finite.h"

namespace orthrus::torch {
namespace {

constexpr int64_t kSidePixels = 224;   // parameters have the same shapes at any other
constexpr int64_t kAnyClasses = 1000;  // of a network without a head
constexpr size_t kMostNetworks = 32;   // in one file
constexpr std::string_view kStep = "num_batches_tracked";  // no part of the arithmetic

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

  [[nodiscard]] bool none() const { return missing.empty() && unknown.empty() && misfits.empty(); }

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

// A float32 copy. A double may be too large for one.
Tensor narrowed(const std::string& name, const Tensor& tensor) {
  Tensor narrow = tensor.to_f32();
  if (tensor.dtype() != DType::kF64 || all_finite(narrow.data())) return narrow;
  for (const double value : tensor.data<double>()) {
    if (!std::isfinite(value) || std::isfinite(static_cast<float>(value))) continue;
    throw input_error("'{}' holds {}, which is beyond the range of float32", name, value);
  }
  return narrow;
}

// The network under one prefix, and what is wrong with it.
struct Reading {
  std::string prefix;
  Network network;
  HeadNames head;
  Findings findings;
  std::set<std::string> used;  // names in the file
};

// Puts one of the file's tensors in the place of a parameter.
void take(const NamedTensors& tensors, const std::string& stored, const std::string& parameter,
          const std::vector<Shape>& shapes, Reading& reading) {
  const bool below = stored.starts_with(reading.prefix);
  const std::string shown = below ? stored.substr(reading.prefix.size()) : stored;
  const auto found = tensors.find(stored);
  if (found == tensors.end()) {
    reading.findings.missing.push_back(shown);
    return;
  }
  const int node = reading.network.graph.find(parameter).value();
  std::string problem = misfit(shown, found->second, shapes[static_cast<size_t>(node)]);
  if (!problem.empty()) reading.findings.misfits.push_back(std::move(problem));
  reading.network.parameters.emplace(parameter, found->second);
  reading.network.stored_names.emplace(parameter, stored);
  reading.used.insert(stored);
}

bool is_step(std::string_view name) {
  return name == kStep || name.ends_with("." + std::string(kStep));
}

// Names below the prefix that may be part of another architecture.
void find_unknown(const NamedTensors& tensors, const std::vector<std::string>& prefixes,
                  Reading& reading) {
  const std::string& prefix = reading.prefix;
  for (auto at = tensors.lower_bound(prefix); at != tensors.end(); ++at) {
    const std::string& name = at->first;
    if (!name.starts_with(prefix)) break;
    const std::string shown = name.substr(prefix.size());
    if (reading.used.contains(name) || is_step(name) || is_beside_features(shown, at->second)) {
      continue;
    }
    const bool of_another = std::ranges::any_of(prefixes, [&](const std::string& other) {
      return other.size() > prefix.size() && name.starts_with(other);
    });
    if (!of_another) reading.findings.unknown.push_back(shown);
  }
}

NamedTensors below(const NamedTensors& tensors, const std::string& prefix) {
  if (prefix.empty()) return tensors;
  NamedTensors stripped;
  for (auto at = tensors.lower_bound(prefix); at != tensors.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    stripped.emplace(at->first.substr(prefix.size()), at->second);
  }
  return stripped;
}

Reading read_below(const NamedTensors& tensors, const std::string& prefix,
                   const std::vector<std::string>& prefixes) {
  Reading reading{.prefix = prefix};
  const ResnetSpec spec = spec_of(below(tensors, prefix));
  reading.head = find_head(tensors, prefix, spec.widths.back());
  const int64_t classes =
      reading.head.found() ? tensors.at(reading.head.weight).shape()[0] : kAnyClasses;
  reading.network.graph = build_resnet(spec, classes);
  const std::vector<Shape> shapes =
      infer_shapes(reading.network.graph, {{"data", Shape{1, 3, kSidePixels, kSidePixels}}});
  for (const auto& [stored, name] : names_of(spec, reading.network.graph)) {
    take(tensors, prefix + stored, name, shapes, reading);
  }
  if (reading.head.found()) {
    take(tensors, reading.head.weight, "fc1_weight", shapes, reading);
    take(tensors, reading.head.bias, "fc1_bias", shapes, reading);
  }
  find_unknown(tensors, prefixes, reading);
  return reading;
}

bool same_values(const Network& a, const Network& b) {
  return std::ranges::equal(a.parameters, b.parameters, [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.shape() == y.second.shape() &&
           x.second.dtype() == y.second.dtype() &&
           std::ranges::equal(x.second.bytes(), y.second.bytes());
  });
}

// The complete network of the file; throws for none, and for several that differ and have nothing
// in their names that says which is meant.
Reading choose_reading(const NamedTensors& tensors) {
  const std::vector<std::string> prefixes = resnet_prefixes(tensors);
  if (prefixes.size() > kMostNetworks) {
    throw input_error("it holds {} ResNets, at most {} are looked through", prefixes.size(),
                      kMostNetworks);
  }
  std::optional<Reading> chosen, first;
  for (const std::string& prefix : prefixes) {
    Reading reading = read_below(tensors, prefix, prefixes);
    if (!reading.findings.none()) {
      if (!first) first = std::move(reading);
    } else if (!chosen) {
      chosen = std::move(reading);
    } else if (is_secondary(prefix) == is_secondary(chosen->prefix) &&
               !same_values(chosen->network, reading.network)) {
      throw input_error("it holds several ResNets: below '{}' and below '{}'", chosen->prefix,
                        prefix)
          .with_hint("save the one that is meant into a file of its own");
    }
  }
  if (!chosen) {
    if (!first) throw input_error("it has no tensor below layer1.0, as a ResNet has");
    first->findings.raise();
  }
  return std::move(*chosen);
}

void add_notes(const NamedTensors& tensors, Reading& reading) {
  std::vector<std::string>& notes = reading.network.notes;
  if (!reading.prefix.empty()) {
    notes.push_back(
        fmt::format("the network's names have the prefix '{}' in the file, which is "
                    "left out",
                    reading.prefix));
  }
  if (!reading.head.found()) {
    notes.emplace_back("the file has no classification head");
  } else if (reading.head.layer != reading.prefix + "fc") {
    notes.push_back(fmt::format("'{}' is taken for the classification head", reading.head.layer));
  }
  std::vector<std::string> unused;
  for (const auto& [name, tensor] : tensors) {
    if (!reading.used.contains(name) && !is_step(name)) unused.push_back(name);
  }
  if (unused.empty()) return;
  notes.push_back(
      fmt::format("{} tensors of the file are not used: {}", unused.size(), shortened(unused)));
}

}  // namespace

bool is_resnet(const SafetensorsHeader& header) {
  std::string prefix;
  return std::ranges::any_of(
      header.tensors, [&](const auto& tensor) { return resnet_prefix(tensor.first, prefix); });
}

Network read_resnet(const SafetensorsFile& file) {
  Reading reading = choose_reading(file.tensors);
  add_notes(file.tensors, reading);
  Network network = std::move(reading.network);
  network.has_head = reading.head.found();
  for (auto& [name, tensor] : network.parameters) {
    tensor = narrowed(network.stored_names.at(name), tensor);
  }
  return network;
}

}  // namespace orthrus::torch
