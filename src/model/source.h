// Where a model comes from: one rule for every place where a user names a model.
//   a folder          a run: its best.safetensors, else its last.safetensors, else the newest
//                     MXNet checkpoint in it
//   a file            by its content: a model file of Orthrus, a ResNet's weights from PyTorch, an
//                     MXNet symbol file, or an MXNet parameter file
//   a PREFIX          an MXNet checkpoint, PREFIX-symbol.json and PREFIX-%04d.params
//   a built-in name   a network of graph/builders with fresh values
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/preprocessing.h"
#include "graph/graph.h"
#include "model/model.h"
#include "tasks/task.h"
#include "tensor/tensor.h"

namespace orthrus {

struct ModelSource {
  enum class Kind { kMxnet, kBuiltin, kModelFile, kTorch };
  Kind kind = Kind::kMxnet;
  std::string name;  // prefix, name of the built-in network, or path of the file
  int epoch = 0;     // kMxnet: of the parameter file

  [[nodiscard]] std::string to_string() const;  // "out/resnet-50, epoch 3"
  bool operator==(const ModelSource&) const = default;
};

// `epoch`: what the user asked for; else `otherwise`, else the newest. A folder with MXNet
// checkpoints beside its best.safetensors means those when the user asked for an epoch. Throws
// kInput when nothing answers to the name (with the nearest names as hint), when more than one
// thing does (listing them), and for a file that is none of the above.
[[nodiscard]] ModelSource resolve_model(const std::string& text, std::optional<int> epoch,
                                        std::optional<int> otherwise = {});

// What a source says of itself, without its tensors' values.
struct SourceDescription {
  // How its images are prepared. kMxnet: as the model file beside it says, where there is one.
  std::optional<Preprocessing> preprocessing;
  std::vector<Task> tasks;  // kModelFile
  std::string beside = {};  // path of that model file
};
[[nodiscard]] SourceDescription describe_source(const ModelSource& source);

struct LoadedNetwork {
  Graph graph;
  NamedTensors parameters;  // float32; may lack some and have others that the graph does not know
  bool has_head = true;     // weights from PyTorch may lack the classifier's parameters
  std::map<std::string, std::string> stored_names =
      {};                               // of parameters that the file calls otherwise
  std::vector<std::string> notes = {};  // for people: what of the file was taken, and how
};

// The network as it is. `classes` is the size of a built-in network's classifier; its fresh values
// come from `seed`, for pictures of that preprocessing. Throws kInput.
[[nodiscard]] LoadedNetwork load_network(const ModelSource& source, int64_t classes,
                                         const Preprocessing& preprocessing, uint64_t seed);

// The model as it is, with its own heads. `preprocessing` is for sources that are no model file: it
// says its own. Throws kInput, also for weights without a head and for values that are not finite,
// and kUsage for a built-in network, which has learned nothing.
[[nodiscard]] Model load_model(const ModelSource& source, const Preprocessing& preprocessing);

}  // namespace orthrus
