// The model file: one .safetensors that holds a whole Model, so that nothing else is needed to
// evaluate, predict or fine-tune. Its parts are described in docs/model-file.md: float32 tensors by
// the names of the graph's parameters, and in the metadata
//   orthrus.model  version of this form        graph          MXNet's symbol JSON
//   tasks          model/task_json.h           preprocessing  model/preprocessing_json.h
//   pretrained     "true" or "false"           hash           of the tensors' bytes; may be missing
//   note.*         whatever the writer says of it; no reader needs them
// Files of every version that was ever released are read.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "formats/safetensors/safetensors.h"
#include "model/model.h"

namespace orthrus {

using ModelNotes = std::map<std::string, std::string>;

// All-or-nothing. `parameters`: values of the graph's parameters and auxiliaries, others are left
// out; model.parameters is not looked at, so that a training can hand over its own. `notes`: facts
// for people, "epoch" -> "3". Throws kResource when the disk does not take it, and kInternal when a
// parameter is missing, or the graph has something that its text cannot say.
void write_model(const std::filesystem::path& path, const Model& model,
                 const NamedTensors& parameters, const ModelNotes& notes = {});
inline void write_model(const std::filesystem::path& path, const Model& model,
                        const ModelNotes& notes = {}) {
  write_model(path, model, model.parameters, notes);
}

// Throws kInput: no safetensors file (which of its rules is broken), no model file, one of a newer
// version, a part that is missing or wrong, parameters that do not fit the graph.
[[nodiscard]] Model read_model(const std::filesystem::path& path);
[[nodiscard]] Model parse_model(std::span<const std::byte> bytes, const std::string& origin);

// What a file says of itself, without its tensors.
struct ModelDescription {
  Graph graph;
  std::vector<Task> tasks;
  Preprocessing preprocessing;
  bool pretrained = false;
  ModelNotes notes;
};
[[nodiscard]] ModelDescription describe_model(const std::filesystem::path& path);

// True when the metadata of a safetensors file is that of a model file, of any version.
[[nodiscard]] bool is_model_file(const std::map<std::string, std::string>& metadata);

}  // namespace orthrus
