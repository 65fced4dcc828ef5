#include "model/model_file.h"

#include <charconv>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "formats/mxnet/symbol.h"
#include "graph/passes/cut.h"
#include "model/preprocessing_json.h"
#include "model/task_json.h"

namespace orthrus {
namespace {

constexpr const char* kVersionKey = "orthrus.model";
constexpr int kModelVersion = 1;
constexpr const char* kGraphKey = "graph";
constexpr const char* kTasksKey = "tasks";
constexpr const char* kPreprocessingKey = "preprocessing";
constexpr const char* kPretrainedKey = "pretrained";
constexpr const char* kHashKey = "hash";
constexpr std::string_view kNote = "note.";

using Metadata = std::map<std::string, std::string>;

// Of the tensors in the order of their names. Says that the bytes are those that were written, not
// who wrote them.
std::string hash_of_values(const NamedTensors& tensors) {
  return fmt::format("{:016x}", hash_tensors(tensors));
}

NamedTensors values_of(const Graph& graph, const NamedTensors& parameters) {
  NamedTensors values;
  for (const VariableRole role : {VariableRole::kParameter, VariableRole::kAuxiliary}) {
    for (const int id : graph.variables(role)) {
      const std::string& name = graph.node(id).name;
      const auto found = parameters.find(name);
      if (found == parameters.end() || found->second.dtype() != DType::kF32) {
        throw internal_error("the parameter '{}' has no float32 value to write", name);
      }
      values.emplace(name, found->second);
    }
  }
  return values;
}

const std::string& entry(const Metadata& metadata, const std::string& key) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) throw input_error("its entry '{}' is missing", key);
  return found->second;
}

void check_version(const Metadata& metadata) {
  if (!is_model_file(metadata)) {
    throw input_error("it is no model of Orthrus: it has no entry '{}'", kVersionKey);
  }
  const std::string& text = entry(metadata, kVersionKey);
  int version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || end != text.data() + text.size() || version < 1) {
    throw input_error("its version is not a number from 1 on");
  }
  if (version > kModelVersion) {
    throw input_error("it has version {}, this program reads up to {}", version, kModelVersion)
        .with_hint("a newer Orthrus wrote it");
  }
}

// Runs `read` on an entry's text; an error begins with the entry's name.
template <typename Read>
auto read_entry(const Metadata& metadata, const char* key, Read&& read) {
  const std::string& text = entry(metadata, key);
  try {
    return read(text);
  } catch (const Error& error) {
    throw error.within(fmt::format("its entry '{}'", key));
  }
}

bool flag_of(const std::string& text) {
  if (text != "true" && text != "false") throw input_error("expected 'true' or 'false'");
  return text == "true";
}

// Every output of the graph is the answer to one task, and is named as the task says.
void check_tasks(const Graph& graph, const std::vector<Task>& tasks) {
  if (tasks.empty() || tasks.size() != graph.outputs().size()) {
    throw input_error("it has {} tasks for {} outputs of its graph", tasks.size(),
                      graph.outputs().size());
  }
  for (size_t i = 0; i < tasks.size(); ++i) {
    const Node& loss = graph.node(graph.outputs()[i].node);
    if (!is_loss(loss.op) || loss.name != tasks[i].name) {
      throw input_error("output {} of its graph is '{}' ({}), expected the loss of task '{}'",
                        i + 1, loss.name, op_name(loss.op), tasks[i].name);
    }
    const Node& head = graph.node(loss.inputs.front().node);
    const auto* layer = std::get_if<FullyConnected>(&head.op);
    if (layer == nullptr || head.name != tasks[i].head || layer->num_hidden != tasks[i].outputs()) {
      throw input_error(
          "task '{}' stands on layer '{}' of its graph ({}), expected a fully connected layer '{}' "
          "of {} outputs",
          tasks[i].name, head.name, op_name(head.op), tasks[i].head, tasks[i].outputs());
    }
  }
}

ModelDescription description_of(const Metadata& metadata) {
  check_version(metadata);
  ModelDescription description;
  description.graph = read_entry(metadata, kGraphKey, [](const std::string& text) {
    return mxnet::parse_symbol(text, "symbol");
  });
  description.tasks = read_entry(metadata, kTasksKey, tasks_from_json);
  description.preprocessing = read_entry(metadata, kPreprocessingKey, preprocessing_from_json);
  description.pretrained = read_entry(metadata, kPretrainedKey, flag_of);
  for (const auto& [key, value] : metadata) {
    if (key.starts_with(kNote)) description.notes[key.substr(kNote.size())] = value;
  }
  check_tasks(description.graph, description.tasks);
  return description;
}

Model model_of(SafetensorsFile file, const std::string& origin) {
  ModelDescription description = description_of(file.metadata);
  const auto hash = file.metadata.find(kHashKey);
  if (hash != file.metadata.end() && hash->second != hash_of_values(file.tensors)) {
    throw input_error("its tensors are not those that were written: their hash differs")
        .with_hint(
            "take a copy of the file that is whole; who changed it on purpose removes the entry "
            "'hash' from its metadata");
  }
  for (auto& [name, tensor] : file.tensors) tensor = tensor.to_f32();
  Model model = assemble_model(std::move(description.graph), file.tensors,
                               description.preprocessing, std::move(description.tasks));
  model.origin = origin;
  model.pretrained = description.pretrained;
  return model;
}

// A file that can be written but says something else when it is read would be found out too late.
void check_readable(const Metadata& metadata, const Graph& graph) {
  try {
    if (description_of(metadata).graph == keep_ancestors(graph, graph.outputs())) return;
  } catch (const Error& error) {
    throw internal_error("a model file cannot hold this model: {}", error.message());
  }
  throw internal_error("a model file cannot hold this model: its graph has no exact text");
}

}  // namespace

bool is_model_file(const std::map<std::string, std::string>& metadata) {
  return metadata.contains(kVersionKey);
}

void write_model(const std::filesystem::path& path, const Model& model,
                 const NamedTensors& parameters, const ModelNotes& notes) {
  const NamedTensors values = values_of(model.graph, parameters);
  Metadata metadata = {{kVersionKey, std::to_string(kModelVersion)},
                       {kGraphKey, mxnet::symbol_json(model.graph)},
                       {kTasksKey, tasks_to_json(model.tasks)},
                       {kPreprocessingKey, preprocessing_to_json(model.preprocessing)},
                       {kPretrainedKey, model.pretrained ? "true" : "false"},
                       {kHashKey, hash_of_values(values)}};
  for (const auto& [key, value] : notes) metadata[std::string(kNote) + key] = value;
  check_readable(metadata, model.graph);
  write_safetensors(path, values, metadata);
}

Model parse_model(std::span<const std::byte> bytes, const std::string& origin) {
  SafetensorsFile file = parse_safetensors(bytes, origin);
  try {
    return model_of(std::move(file), origin);
  } catch (const Error& error) {
    throw error.within("cannot read the model '" + origin + "'");
  }
}

Model read_model(const std::filesystem::path& path) {
  return parse_model(read_file(path), path.string());
}

ModelDescription describe_model(const std::filesystem::path& path) {
  const SafetensorsHeader header = read_safetensors_header(path);
  try {
    return description_of(header.metadata);
  } catch (const Error& error) {
    throw error.within("cannot read the model '" + path.string() + "'");
  }
}

}  // namespace orthrus
