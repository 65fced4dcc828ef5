#include "model/source.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/suggest.h"
#include "formats/mxnet/checkpoint.h"
#include "formats/safetensors/safetensors.h"
#include "formats/torch/resnet.h"
#include "graph/builders/resnet.h"
#include "model/foreign_file.h"
#include "model/initialise.h"
#include "model/model_file.h"
#include "model/neighbour.h"

namespace orthrus {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSymbolEnding = "-symbol.json";
constexpr std::string_view kParamsEnding = ".params";
constexpr size_t kEpochDigits = 4;
constexpr std::string_view kSafetensorsEnding = ".safetensors";
// The models of a run's folder, the better one first.
constexpr std::array kRunModels = {"best.safetensors", "last.safetensors"};
// Of a folder from the Hugging Face hub, such as timm's.
constexpr const char* kHubWeights = "model.safetensors";
// Pictures for PyTorch's published ResNets (torchvision's ImageClassification presets, timm's
// IMAGENET_DEFAULT_MEAN and _STD, in units of 0 to 255): the centre of the picture whose shorter
// edge has 256 pixels.
constexpr Preprocessing kTorchPictures = {
    .resize = 256, .mean = {123.675F, 116.28F, 103.53F}, .pixels = PixelRule::kModern};

// Something that the text may mean.
struct Candidate {
  ModelSource source;
  bool has_epoch = false;  // the text itself says which
  std::string description;
};

// Paths in a folder that end so, in their order.
std::vector<std::string> paths_in(const fs::path& folder, std::string_view ending) {
  std::vector<std::string> paths;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    std::string path = entry.path().string();
    if (path.ends_with(ending)) paths.push_back(std::move(path));
  }
  std::ranges::sort(paths);
  return paths;
}

// Prefixes of the checkpoints in a folder.
std::vector<std::string> prefixes_in(const fs::path& folder) {
  std::vector<std::string> prefixes = paths_in(folder, kSymbolEnding);
  for (std::string& path : prefixes) path.resize(path.size() - kSymbolEnding.size());
  return prefixes;
}

Candidate mxnet_candidate(const std::string& prefix, std::string description) {
  return {.source = {.kind = ModelSource::Kind::kMxnet, .name = prefix},
          .description = std::move(description)};
}

// "x-0012.params" is epoch 12 of the prefix "x".
std::optional<Candidate> params_file(const std::string& path) {
  const size_t ending = kParamsEnding.size() + kEpochDigits;
  if (!path.ends_with(kParamsEnding) || path.size() <= ending + 1) return std::nullopt;
  const size_t dash = path.find_last_of('-');
  if (dash == std::string::npos) return std::nullopt;
  Candidate candidate = mxnet_candidate(path.substr(0, dash), "the MXNet parameter file " + path);
  candidate.has_epoch = true;
  const char* first = path.data() + dash + 1;
  const char* last = path.data() + path.size() - kParamsEnding.size();
  const auto [end, error] = std::from_chars(first, last, candidate.source.epoch);
  if (error != std::errc() || end != last) return std::nullopt;
  return candidate;
}

// The first names of the tensors in a file, for a message.
std::string first_names(const SafetensorsHeader& header) {
  constexpr size_t kShown = 4;
  std::vector<std::string> names;
  for (const auto& [name, entry] : header.tensors) {
    if (names.size() == kShown) break;
    names.push_back(name);
  }
  return fmt::format("{}{}", fmt::join(names, ", "), header.tensors.size() > kShown ? ", ..." : "");
}

Candidate safetensors_candidate(const std::string& path) {
  const SafetensorsHeader header = read_safetensors_header(path);
  if (is_model_file(header.metadata)) {
    return {.source = {.kind = ModelSource::Kind::kModelFile, .name = path},
            .description = "the model file " + path};
  }
  // Checkpoints and the like are named by such a key too.
  constexpr std::string_view kOurs = "orthrus.";
  const auto ours = header.metadata.lower_bound(std::string(kOurs));
  if (ours != header.metadata.end() && ours->first.starts_with(kOurs)) {
    if (ours->first == "orthrus.bad_step") {
      throw input_error("'{}' is a step of a training that was saved for --replay, not a model",
                        path)
          .with_hint(fmt::format("orthrus train --replay {} computes it again", path));
    }
    throw input_error("'{}' is a {} of a training, not a model", path,
                      ours->first.substr(kOurs.size()))
        .with_hint("go on from it with orthrus train --resume, or name the training's folder");
  }
  if (torch::is_resnet(header)) {
    return {.source = {.kind = ModelSource::Kind::kTorch, .name = path},
            .description = "the PyTorch weights " + path};
  }
  throw input_error("'{}' holds {} tensors ({}) that are no model known here", path,
                    header.tensors.size(), first_names(header))
      .with_hint(
          fmt::format("supported are model files of Orthrus, and {}", torch::kSupportedResnets));
}

Candidate file_candidate(const std::string& path) {
  constexpr uint64_t kParamsMagic = 0x112;
  const std::vector<std::byte> start = read_prefix(path, sizeof(kParamsMagic) + 1);
  uint64_t magic = 0;
  if (start.size() >= sizeof(magic)) std::memcpy(&magic, start.data(), sizeof(magic));
  const bool is_json = !start.empty() && start.front() == std::byte{'{'};
  if (is_json && path.ends_with(kSymbolEnding)) {
    return mxnet_candidate(path.substr(0, path.size() - kSymbolEnding.size()),
                           "the MXNet symbol file " + path);
  }
  if (magic == kParamsMagic) {
    if (auto candidate = params_file(path)) return *candidate;
  }
  if (looks_like_safetensors(start)) return safetensors_candidate(path);
  const std::optional<ForeignFile> foreign = recognise_foreign_file(path);
  if (path.ends_with(kSafetensorsEnding)) {
    try {
      return safetensors_candidate(path);
    } catch (const Error& error) {
      if (!foreign) throw;
      throw error.with_hint(fmt::format("it is {}{}{}", foreign->what,
                                        foreign->hint.empty() ? "" : ": ", foreign->hint));
    }
  }
  if (foreign) {
    throw input_error("'{}' is not a model file: it is {}, which is not read", path, foreign->what)
        .with_hint(foreign->hint);
  }
  throw input_error("'{}' is not a model file", path)
      .with_hint(
          "a model is a .safetensors file of Orthrus or of a PyTorch ResNet, an MXNet pair "
          "PREFIX-symbol.json and PREFIX-0000.params, a run's folder, or a built-in network's "
          "name");
}

std::vector<Candidate> folder_candidates(const std::string& folder, bool wants_epoch) {
  std::vector<Candidate> checkpoints;
  for (const std::string& prefix : prefixes_in(folder)) {
    checkpoints.push_back(mxnet_candidate(prefix, "the checkpoint " + prefix + " in the folder"));
  }
  if (wants_epoch && !checkpoints.empty()) return checkpoints;
  for (const char* name : kRunModels) {
    const std::string path = (fs::path(folder) / name).string();
    std::error_code ignored;
    if (fs::is_regular_file(path, ignored)) return {safetensors_candidate(path)};
  }
  const std::string weights = (fs::path(folder) / kHubWeights).string();
  std::error_code ignored;
  if (checkpoints.empty() && fs::is_regular_file(weights, ignored)) {
    return {safetensors_candidate(weights)};
  }
  if (checkpoints.empty()) {
    if (const auto foreign = recognise_foreign_folder(folder)) {
      throw input_error("'{}' is not a model: it is {}, which is not read", folder, foreign->what)
          .with_hint(foreign->hint);
    }
  }
  return checkpoints;
}

std::vector<std::string> builtin_names() {
  std::vector<std::string> names;
  for (const BuiltinNetwork& network : builtin_networks()) names.push_back(network.name);
  return names;
}

std::vector<Candidate> candidates_for(const std::string& text, bool wants_epoch) {
  std::vector<Candidate> found;
  std::error_code ignored;
  if (fs::is_directory(text, ignored)) {
    found = folder_candidates(text, wants_epoch);
  } else if (fs::is_regular_file(text, ignored)) {
    found.push_back(file_candidate(text));
  }
  if (fs::exists(mxnet::symbol_path(text), ignored)) {
    found.push_back(mxnet_candidate(text, "the checkpoint of the prefix " + text));
  }
  if (std::ranges::find(builtin_networks(), text, &BuiltinNetwork::name) !=
      builtin_networks().end()) {
    found.push_back({.source = {.kind = ModelSource::Kind::kBuiltin, .name = text},
                     .description = "the built-in network " + text});
  }
  return found;
}

// Whether the text can only be the name of a file.
bool is_file_name(const std::string& text) {
  constexpr std::array kEndings = {".safetensors", ".pth",  ".pt", ".bin",    ".ckpt",  ".onnx",
                                   ".h5",          ".json", ".pb", ".params", ".keras", ".npz"};
  const std::string ending = fs::path(text).extension().string();
  std::error_code ignored;
  return std::ranges::find(kEndings, ending) != kEndings.end() && !fs::exists(text, ignored);
}

Error nothing_found(const std::string& text) {
  std::vector<std::string> known = builtin_names();
  const fs::path folder = fs::path(text).parent_path();
  std::vector<std::string> near = prefixes_in(folder.empty() ? fs::path(".") : folder);
  std::ranges::copy(paths_in(folder.empty() ? fs::path(".") : folder, kSafetensorsEnding),
                    std::back_inserter(near));
  for (std::string& prefix : near) {
    if (folder.empty()) prefix = fs::path(prefix).filename().string();
    known.push_back(prefix);
  }
  std::string hint = did_you_mean(text, known);
  if (hint.empty()) hint = fmt::format("built-in networks: {}", fmt::join(builtin_names(), ", "));
  if (is_file_name(text)) {
    return input_error("no model '{}': there is no such file", text)
        .with_hint(did_you_mean(text, near));
  }
  std::error_code ignored;
  const std::string what = fs::is_directory(text, ignored)
                               ? fmt::format("no model ({} or *{}) in the folder '{}'",
                                             fmt::join(kRunModels, ", "), kSymbolEnding, text)
                               : fmt::format(
                                     "no model '{}': neither '{}' nor a folder nor a "
                                     "built-in network of that name is there",
                                     text, mxnet::symbol_path(text).string());
  return input_error("{}", what).with_hint(std::move(hint));
}

LoadedNetwork torch_network(const std::string& path) {
  const SafetensorsFile file = read_safetensors(path);
  try {
    torch::Network network = torch::read_resnet(file);
    return {.graph = std::move(network.graph),
            .parameters = std::move(network.parameters),
            .has_head = network.has_head,
            .stored_names = std::move(network.stored_names),
            .notes = std::move(network.notes)};
  } catch (const Error& error) {
    throw error.within("cannot use '" + path + "'");
  }
}

LoadedNetwork fresh_network(const std::string& name, int64_t classes,
                            const Preprocessing& preprocessing, uint64_t seed) {
  LoadedNetwork network{build_network(name, classes), {}};
  const std::vector<Shape> shapes = infer_shapes(
      network.graph, {{picture_input(network.graph), picture_shape(preprocessing, 1)}});
  std::vector<std::string> names;
  for (const auto& [parameter, shape] : parameter_shapes(network.graph, preprocessing)) {
    names.push_back(parameter);
  }
  network.parameters = initialise(network.graph, shapes, seed, names);
  return network;
}

}  // namespace

std::string ModelSource::to_string() const {
  if (kind == Kind::kBuiltin) return fmt::format("built-in network {}", name);
  if (kind == Kind::kMxnet) return fmt::format("{}, epoch {}", name, epoch);
  return name;
}

ModelSource resolve_model(const std::string& text, std::optional<int> epoch,
                          std::optional<int> otherwise) {
  const std::vector<Candidate> found = candidates_for(text, epoch.has_value());
  if (found.empty()) throw nothing_found(text);
  if (found.size() > 1) {
    std::vector<std::string> lines;
    for (const Candidate& candidate : found) lines.push_back(candidate.description);
    throw input_error("'{}' may mean {} models: {}", text, found.size(), fmt::join(lines, "; "))
        .with_hint("give the whole prefix or path of the one you mean (./NAME for a file)");
  }
  ModelSource source = found.front().source;
  if (source.kind != ModelSource::Kind::kMxnet) return source;
  if (found.front().has_epoch) {
    if (epoch && *epoch != source.epoch) {
      throw usage_error("--epoch {} was given, but '{}' is epoch {}", *epoch, text, source.epoch);
    }
    return source;
  }
  if (epoch || otherwise) {
    source.epoch = epoch ? *epoch : *otherwise;
    return source;
  }
  const std::vector<int> saved = mxnet::saved_epochs(source.name);
  if (saved.empty()) {
    throw input_error("'{}' has no parameter file ('{}')", mxnet::symbol_path(source.name).string(),
                      mxnet::params_path(source.name, 0).string());
  }
  source.epoch = saved.back();
  return source;
}

SourceDescription describe_source(const ModelSource& source) {
  if (source.kind == ModelSource::Kind::kTorch)
    return {.preprocessing = kTorchPictures, .tasks = {}};
  if (source.kind == ModelSource::Kind::kMxnet) {
    const std::optional<Neighbour> neighbour = neighbour_of(source.name);
    if (!neighbour) return {};
    return {
        .preprocessing = neighbour->preprocessing, .tasks = {}, .beside = neighbour->path.string()};
  }
  if (source.kind != ModelSource::Kind::kModelFile) return {};
  ModelDescription description = describe_model(source.name);
  return {.preprocessing = description.preprocessing, .tasks = std::move(description.tasks)};
}

LoadedNetwork load_network(const ModelSource& source, int64_t classes,
                           const Preprocessing& preprocessing, uint64_t seed) {
  switch (source.kind) {
    case ModelSource::Kind::kMxnet: {
      mxnet::Checkpoint checkpoint = mxnet::load_checkpoint(source.name, source.epoch);
      return {std::move(checkpoint.graph), std::move(checkpoint.parameters)};
    }
    case ModelSource::Kind::kModelFile: {
      Model model = read_model(source.name);
      return {std::move(model.graph), std::move(model.parameters)};
    }
    case ModelSource::Kind::kTorch:
      return torch_network(source.name);
    case ModelSource::Kind::kBuiltin:
      return fresh_network(source.name, classes, preprocessing, seed);
  }
  throw internal_error("unknown kind of model source {}", static_cast<int>(source.kind));
}

Model load_model(const ModelSource& source, const Preprocessing& preprocessing) {
  if (source.kind == ModelSource::Kind::kModelFile) {
    Model model = read_model(source.name);
    check_finite(model.parameters, model.origin);
    return model;
  }
  if (source.kind == ModelSource::Kind::kBuiltin) {
    throw usage_error("'{}' is a built-in network without learned values", source.name)
        .with_hint("name a model that orthrus train has written");
  }
  LoadedNetwork network = load_network(source, 0, preprocessing, 0);
  if (!network.has_head) {
    throw input_error("'{}' has no classification head: it can be trained, but not answer yet",
                      source.name)
        .with_hint("train heads on it: orthrus train --model " + source.name +
                   " --data-train LIST, and use the model that comes out");
  }
  Model model = assemble_model(std::move(network.graph), network.parameters, preprocessing,
                               source.to_string());
  check_finite(model.parameters, model.origin, network.stored_names);
  return model;
}

}  // namespace orthrus
