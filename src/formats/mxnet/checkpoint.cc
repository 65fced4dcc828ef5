#include "formats/mxnet/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "base/error.h"
#include "base/file.h"
#include "formats/mxnet/params.h"
#include "formats/mxnet/symbol.h"

namespace orthrus::mxnet {

namespace {

constexpr std::string_view kArgument = "arg:";
constexpr std::string_view kAuxiliary = "aux:";

// The number in "<stem>-0012.params"; nullopt for another file.
std::optional<int> epoch_of(std::string_view file, std::string_view stem) {
  constexpr std::string_view kExtension = ".params";
  constexpr size_t kDigits = 4;  // at least
  if (!file.starts_with(stem) || !file.ends_with(kExtension)) return std::nullopt;
  file.remove_prefix(stem.size());
  if (file.size() < 1 + kDigits + kExtension.size() || file.front() != '-') return std::nullopt;
  file.remove_prefix(1);
  file.remove_suffix(kExtension.size());
  int epoch = 0;
  const auto [end, error] = std::from_chars(file.data(), file.data() + file.size(), epoch);
  if (error != std::errc() || end != file.data() + file.size() || epoch < 0) return std::nullopt;
  if (file.size() > kDigits && file.front() == '0') return std::nullopt;
  return epoch;
}

void check_exists(const std::string& prefix, int epoch) {
  const std::filesystem::path path = params_path(prefix, epoch);
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return;
  std::string epochs;
  for (const int saved : saved_epochs(prefix)) {
    epochs += fmt::format("{}{}", epochs.empty() ? "" : ", ", saved);
  }
  const Error error = input_error("no such epoch: {} ({} does not exist)", epoch, path.string());
  if (epochs.empty()) throw error.with_hint("there is no .params file of this prefix at all");
  throw error.with_hint("there are: " + epochs);
}

NamedTensors strip_prefixes(const NamedTensors& stored) {
  NamedTensors parameters;
  for (const auto& [name, tensor] : stored) {
    if (!name.starts_with(kArgument) && !name.starts_with(kAuxiliary)) {
      throw input_error("array '{}' starts with neither 'arg:' nor 'aux:'", name)
          .with_hint("a file of Gluon's save_parameters() is no checkpoint; use its export()");
    }
    const std::string bare = name.substr(kArgument.size());
    if (!parameters.emplace(bare, tensor.to_f32()).second) {
      throw input_error("'{}' is there both as 'arg:' and as 'aux:'", bare);
    }
  }
  return parameters;
}

}  // namespace

std::filesystem::path symbol_path(const std::string& prefix) {
  return prefix + "-symbol.json";
}

std::filesystem::path params_path(const std::string& prefix, int epoch) {
  return fmt::format("{}-{:04d}.params", prefix, epoch);
}

std::vector<int> saved_epochs(const std::string& prefix) {
  const std::filesystem::path path(prefix);
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  std::vector<int> epochs;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const auto epoch = epoch_of(entry->path().filename().string(), path.filename().string());
    if (epoch) epochs.push_back(*epoch);
  }
  std::ranges::sort(epochs);
  return epochs;
}

Checkpoint load_checkpoint(const std::string& prefix, int epoch) {
  Graph graph = read_symbol(symbol_path(prefix));
  check_exists(prefix, epoch);
  const std::filesystem::path path = params_path(prefix, epoch);
  const NamedTensors stored = read_params(path);
  try {
    return {std::move(graph), strip_prefixes(stored)};
  } catch (const Error& error) {
    throw error.within(path.string());
  }
}

void save_checkpoint(const std::string& prefix, int epoch, const Graph& graph,
                     const NamedTensors& parameters) {
  NamedTensors stored;
  for (const VariableRole role : {VariableRole::kParameter, VariableRole::kAuxiliary}) {
    const std::string_view kind = role == VariableRole::kParameter ? kArgument : kAuxiliary;
    for (const int id : graph.variables(role)) {
      const std::string& name = graph.node(id).name;
      const auto found = parameters.find(name);
      if (found == parameters.end()) {
        throw input_error("the network's parameter '{}' has no value to save", name);
      }
      stored.emplace(std::string(kind) + name, found->second);
    }
  }
  write_file(symbol_path(prefix), symbol_json(graph));
  write_params(params_path(prefix, epoch), stored);
}

}  // namespace orthrus::mxnet
