// Where a model comes from: one rule for every place where a user names a model.
//   a folder          a run: the newest checkpoint in it
//   a file            by its first bytes: an MXNet symbol file, or an MXNet parameter file
//   a PREFIX          an MXNet checkpoint, PREFIX-symbol.json and PREFIX-%04d.params
//   a built-in name   a network of graph/builders with fresh values
// Knows nothing of tasks: the network is loaded as it is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "data/preprocessing.h"
#include "graph/graph.h"
#include "tensor/tensor.h"

namespace orthrus {

struct ModelSource {
  enum class Kind { kMxnet, kBuiltin };
  Kind kind = Kind::kMxnet;
  std::string name;  // prefix, or name of the built-in network
  int epoch = 0;     // kMxnet: of the parameter file

  [[nodiscard]] std::string to_string() const;  // "out/resnet-50, epoch 3"
  bool operator==(const ModelSource&) const = default;
};

// `epoch`: what the user asked for; the newest otherwise. Throws kInput when nothing answers to the
// name (with the nearest names as hint), or more than one thing does (listing them).
[[nodiscard]] ModelSource resolve_model(const std::string& text, std::optional<int> epoch);

struct LoadedNetwork {
  Graph graph;
  NamedTensors parameters;  // float32; may lack some and have others that the graph does not know
};

// `classes` is the size of a built-in network's classifier; its fresh values come from `seed`, for
// pictures of that preprocessing. Throws kInput.
[[nodiscard]] LoadedNetwork load_network(const ModelSource& source, int64_t classes,
                                         const Preprocessing& preprocessing, uint64_t seed);

}  // namespace orthrus
