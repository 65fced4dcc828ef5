#include "model/source.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/suggest.h"
#include "formats/mxnet/checkpoint.h"
#include "graph/builders/resnet.h"
#include "model/initialise.h"
#include "model/model.h"

namespace orthrus {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSymbolEnding = "-symbol.json";
constexpr std::string_view kParamsEnding = ".params";
constexpr size_t kEpochDigits = 4;

// Something that the text may mean.
struct Candidate {
  ModelSource source;
  bool has_epoch = false;  // the text itself says which
  std::string description;
};

// Prefixes of the checkpoints in a folder, in order of their names.
std::vector<std::string> prefixes_in(const fs::path& folder) {
  std::vector<std::string> prefixes;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    std::string path = entry.path().string();
    if (!path.ends_with(kSymbolEnding)) continue;
    path.resize(path.size() - kSymbolEnding.size());
    prefixes.push_back(path);
  }
  std::ranges::sort(prefixes);
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

Candidate file_candidate(const std::string& path) {
  constexpr uint64_t kParamsMagic = 0x112;
  const std::vector<std::byte> start = read_prefix(path, sizeof(kParamsMagic));
  uint64_t magic = 0;
  if (start.size() == sizeof(magic)) std::memcpy(&magic, start.data(), sizeof(magic));
  const bool is_json = !start.empty() && start.front() == std::byte{'{'};
  if (is_json && path.ends_with(kSymbolEnding)) {
    return mxnet_candidate(path.substr(0, path.size() - kSymbolEnding.size()),
                           "the MXNet symbol file " + path);
  }
  if (magic == kParamsMagic) {
    if (auto candidate = params_file(path)) return *candidate;
  }
  throw input_error("'{}' is not a model file", path)
      .with_hint(
          "a model is an MXNet pair PREFIX-symbol.json and PREFIX-0000.params, a run's "
          "folder, or a built-in network's name");
}

std::vector<std::string> builtin_names() {
  std::vector<std::string> names;
  for (const BuiltinNetwork& network : builtin_networks()) names.push_back(network.name);
  return names;
}

std::vector<Candidate> candidates_for(const std::string& text) {
  std::vector<Candidate> found;
  std::error_code ignored;
  if (fs::is_directory(text, ignored)) {
    for (const std::string& prefix : prefixes_in(text)) {
      found.push_back(mxnet_candidate(prefix, "the checkpoint " + prefix + " in the folder"));
    }
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

Error nothing_found(const std::string& text) {
  std::vector<std::string> known = builtin_names();
  const fs::path folder = fs::path(text).parent_path();
  for (std::string& prefix : prefixes_in(folder.empty() ? fs::path(".") : folder)) {
    if (folder.empty()) prefix = fs::path(prefix).filename().string();
    known.push_back(std::move(prefix));
  }
  std::string hint = did_you_mean(text, known);
  if (hint.empty()) hint = fmt::format("built-in networks: {}", fmt::join(builtin_names(), ", "));
  std::error_code ignored;
  const std::string what =
      fs::is_directory(text, ignored)
          ? fmt::format("no checkpoint (*{}) in the folder '{}'", kSymbolEnding, text)
          : fmt::format(
                "no model '{}': neither '{}' nor a folder nor a "
                "built-in network of that name is there",
                text, mxnet::symbol_path(text).string());
  return input_error("{}", what).with_hint(std::move(hint));
}

}  // namespace

std::string ModelSource::to_string() const {
  if (kind == Kind::kBuiltin) return fmt::format("built-in network {}", name);
  return fmt::format("{}, epoch {}", name, epoch);
}

ModelSource resolve_model(const std::string& text, std::optional<int> epoch) {
  const std::vector<Candidate> found = candidates_for(text);
  if (found.empty()) throw nothing_found(text);
  if (found.size() > 1) {
    std::vector<std::string> lines;
    for (const Candidate& candidate : found) lines.push_back(candidate.description);
    throw input_error("'{}' may mean {} models: {}", text, found.size(), fmt::join(lines, "; "))
        .with_hint("give the whole prefix or path of the one you mean (./NAME for a file)");
  }
  ModelSource source = found.front().source;
  if (source.kind == ModelSource::Kind::kBuiltin) return source;
  if (found.front().has_epoch) {
    if (epoch && *epoch != source.epoch) {
      throw usage_error("--epoch {} was given, but '{}' is epoch {}", *epoch, text, source.epoch);
    }
    return source;
  }
  if (epoch) {
    source.epoch = *epoch;
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

LoadedNetwork load_network(const ModelSource& source, int64_t classes,
                           const Preprocessing& preprocessing, uint64_t seed) {
  if (source.kind == ModelSource::Kind::kMxnet) {
    mxnet::Checkpoint checkpoint = mxnet::load_checkpoint(source.name, source.epoch);
    return {std::move(checkpoint.graph), std::move(checkpoint.parameters)};
  }
  LoadedNetwork network{build_network(source.name, classes), {}};
  const std::vector<Shape> shapes = infer_shapes(
      network.graph, {{picture_input(network.graph), picture_shape(preprocessing, 1)}});
  std::vector<std::string> names;
  for (const auto& [name, shape] : parameter_shapes(network.graph, preprocessing)) {
    names.push_back(name);
  }
  network.parameters = initialise(network.graph, shapes, seed, names);
  return network;
}

}  // namespace orthrus
