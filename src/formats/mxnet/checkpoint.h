// An MXNet checkpoint: PREFIX-symbol.json and PREFIX-%04d.params.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "tensor/tensor.h"

namespace orthrus::mxnet {

struct Checkpoint {
  Graph graph;
  NamedTensors parameters;  // by bare name, "arg:" and "aux:" stripped; float32
};

[[nodiscard]] std::filesystem::path symbol_path(const std::string& prefix);
[[nodiscard]] std::filesystem::path params_path(const std::string& prefix, int epoch);
// Epochs for which a .params file of this prefix exists, ascending.
[[nodiscard]] std::vector<int> saved_epochs(const std::string& prefix);

// Throws kInput; when the .params file of that epoch is missing the hint lists those that exist.
[[nodiscard]] Checkpoint load_checkpoint(const std::string& prefix, int epoch);
// Writes both files, each all-or-nothing, the symbol first. Names go to "arg:" or "aux:" by their
// role in the graph; parameters that the graph does not have are left out.
void save_checkpoint(const std::string& prefix, int epoch, const Graph& graph,
                     const NamedTensors& parameters);

}  // namespace orthrus::mxnet
