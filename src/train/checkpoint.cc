#include "train/checkpoint.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "formats/safetensors/safetensors.h"

namespace orthrus {
namespace {

using StateJson = nlohmann::ordered_json;

constexpr const char* kFormat = "orthrus.checkpoint";
constexpr int kVersion = 1;
constexpr size_t kKept = 2;
constexpr std::string_view kParameter = "parameter/", kMomentum = "momentum/";

StateJson to_json(const std::vector<MetricSums>& tasks) {
  StateJson list = StateJson::array();
  for (const MetricSums& sums : tasks) {
    list.push_back({sums.weight, sums.correct, sums.top_k, sums.loss});
  }
  return list;
}

std::vector<MetricSums> sums_of(const StateJson& list) {
  std::vector<MetricSums> tasks;
  for (const StateJson& entry : list) {
    tasks.push_back({.weight = entry.at(0).get<double>(),
                     .correct = entry.at(1).get<double>(),
                     .top_k = entry.at(2).get<double>(),
                     .loss = entry.at(3).get<double>()});
  }
  return tasks;
}

std::string hash_of(const Tensor& tensor) {
  return fmt::format("{:016x}", hash_bytes(tensor.bytes()));
}

const std::string& entry(const SafetensorsFile& file, const std::string& key) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) throw input_error("the entry '{}' is missing", key);
  return found->second;
}

void check_hashes(const SafetensorsFile& file) {
  const auto hashes = StateJson::parse(entry(file, "hashes"));
  for (const auto& [name, tensor] : file.tensors) {
    if (!hashes.contains(name) || hashes[name] != hash_of(tensor)) {
      throw input_error("the bytes of '{}' are not those that were written", name);
    }
  }
  if (hashes.size() != file.tensors.size()) throw input_error("tensors are missing");
  for (const std::string key : {"state", "config"}) {
    if (fmt::format("{:016x}", hash_text(entry(file, key))) != entry(file, key + ".hash")) {
      throw input_error("the entry '{}' is not the one that was written", key);
    }
  }
}

Checkpoint checkpoint_of(SafetensorsFile file) {
  if (!file.metadata.contains(kFormat)) throw input_error("it is no checkpoint of a training");
  const int version = std::stoi(entry(file, kFormat));
  if (version > kVersion) {
    throw input_error("it has version {}, this program reads up to {}", version, kVersion)
        .with_hint("a newer Orthrus wrote it");
  }
  check_hashes(file);
  const auto json = StateJson::parse(entry(file, "state"));
  Checkpoint checkpoint{.state = {.epoch = json.at("epoch").get<int>(),
                                  .loader = {.epoch = json.at("loader").at(0).get<uint64_t>(),
                                             .batch = json.at("loader").at(1).get<uint64_t>()},
                                  .updates = json.at("updates").get<int64_t>(),
                                  .parameters = {},
                                  .momentum = {},
                                  .epoch_sums = sums_of(json.at("epoch_sums")),
                                  .window_sums = sums_of(json.at("window_sums"))},
                        .config = entry(file, "config")};
  for (auto& [name, tensor] : file.tensors) {
    if (name.starts_with(kParameter)) {
      checkpoint.state.parameters[name.substr(kParameter.size())] = std::move(tensor);
    } else if (name.starts_with(kMomentum)) {
      checkpoint.state.momentum[name.substr(kMomentum.size())] = std::move(tensor);
    }
  }
  return checkpoint;
}

// Keys of `key = value` lines with their tables, as options_toml writes them.
std::map<std::string, std::string> values_of(const std::string& toml) {
  std::map<std::string, std::string> values;
  std::string table;
  for (size_t begin = 0; begin < toml.size();) {
    const size_t end = std::min(toml.find('\n', begin), toml.size());
    std::string line = toml.substr(begin, end - begin);
    begin = end + 1;
    if (line.starts_with('[') && line.ends_with(']')) {
      table = line.substr(1, line.size() - 2) + ".";
    } else if (const size_t equals = line.find(" = "); equals != std::string::npos) {
      values[table + line.substr(0, equals)] = line.substr(equals + 3);
    }
  }
  return values;
}

}  // namespace

Checkpoint read_checkpoint(const std::filesystem::path& path) {
  SafetensorsFile file = read_safetensors(path);
  try {
    return checkpoint_of(std::move(file));
  } catch (const Error& error) {
    throw error.within("cannot continue from '" + path.string() + "'");
  } catch (const std::exception&) {  // of the JSON library, or a number that is none
    throw input_error("cannot continue from '{}': its entries are not as expected", path.string());
  }
}

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  const TrainerState& state = checkpoint.state;
  NamedTensors tensors;
  for (const auto& [name, tensor] : state.parameters) {
    tensors[std::string(kParameter) + name] = tensor;
  }
  for (const auto& [name, tensor] : state.momentum) {
    tensors[std::string(kMomentum) + name] = tensor;
  }
  StateJson hashes = StateJson::object();
  for (const auto& [name, tensor] : tensors) hashes[name] = hash_of(tensor);
  const StateJson json = {{"epoch", state.epoch},
                          {"loader", {state.loader.epoch, state.loader.batch}},
                          {"updates", state.updates},
                          {"epoch_sums", to_json(state.epoch_sums)},
                          {"window_sums", to_json(state.window_sums)}};
  std::map<std::string, std::string> metadata = {{kFormat, std::to_string(kVersion)},
                                                 {"hashes", hashes.dump()},
                                                 {"state", json.dump()},
                                                 {"config", checkpoint.config}};
  for (const std::string key : {"state", "config"}) {
    metadata[key + ".hash"] = fmt::format("{:016x}", hash_text(metadata[key]));
  }
  write_safetensors(path, tensors, metadata);
}

CheckpointFolder::CheckpointFolder(std::filesystem::path folder, std::string name,
                                   std::string config, const CheckpointSchedule& schedule)
    : folder_(std::move(folder)),
      name_(std::move(name)),
      config_(std::move(config)),
      schedule_(schedule) {}

bool CheckpointFolder::due(int64_t updates) const {
  const std::chrono::duration<double, std::ratio<60>> minutes = Clock::now() - last_time_;
  return (schedule_.minutes > 0 && minutes.count() >= schedule_.minutes) ||
         (schedule_.steps > 0 && updates - last_updates_ >= schedule_.steps);
}

void CheckpointFolder::write(const TrainerState& state) {
  const std::string file = fmt::format("{}-checkpoint-{:010}.safetensors", name_, state.updates);
  write_checkpoint(folder_ / file, {.state = state, .config = config_});
  last_time_ = Clock::now();
  last_updates_ = state.updates;
  // An epoch's end may overwrite the checkpoint of its last step.
  if (own_.empty() || own_.back() != folder_ / file) own_.push_back(folder_ / file);
  if (own_.size() > kKept) own_.erase(own_.begin());
  for (const std::filesystem::path& path : files()) {
    std::error_code ignored;  // one too many does no harm
    if (std::ranges::find(own_, path) == own_.end()) std::filesystem::remove(path, ignored);
  }
}

void CheckpointFolder::continue_from(const std::filesystem::path& path, int64_t updates) {
  own_ = {path};
  last_updates_ = updates;
}

CheckpointFolder::Newest CheckpointFolder::newest() const {
  Newest newest;
  for (const std::filesystem::path& path : files()) {
    try {
      newest.checkpoint = read_checkpoint(path);
      newest.path = path;
      return newest;
    } catch (const Error& error) {
      newest.skipped.push_back(error.message());
    }
  }
  return newest;
}

std::vector<std::filesystem::path> CheckpointFolder::files() const {
  const std::string begin = name_ + "-checkpoint-", end = ".safetensors";
  std::vector<std::filesystem::path> found;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, none)) {
    const std::string file = entry.path().filename().string();
    const bool fits = file.size() == begin.size() + 10 + end.size() && file.starts_with(begin) &&
                      file.ends_with(end) &&
                      std::ranges::all_of(file.substr(begin.size(), 10),
                                          [](char c) { return c >= '0' && c <= '9'; });
    if (fits) found.push_back(entry.path());
  }
  std::ranges::sort(found, std::greater<>{});
  return found;
}

std::vector<std::string> changed_options(const std::string& now, const std::string& then) {
  static const std::set<std::string, std::less<>> kFree = {
      "train.num_epoch", "train.resume",      "train.force",     "train.checkpoint_minutes",
      "verbose",         "data.val",          "data.image_val",  "train.checkpoint_steps",
      "train.gpus",      "train.save_result", "train.save_name", "train.kv_store"};
  const auto values = values_of(now), old = values_of(then);
  std::vector<std::string> changes;
  for (const auto& [key, value] : values) {
    const auto found = old.find(key);
    if (kFree.contains(key) || (found != old.end() && found->second == value)) continue;
    changes.push_back(
        fmt::format("{}: {}, was {}", key, value, found == old.end() ? "not set" : found->second));
  }
  for (const auto& [key, value] : old) {
    if (!kFree.contains(key) && !values.contains(key)) {
      changes.push_back(fmt::format("{}: not set, was {}", key, value));
    }
  }
  return changes;
}

}  // namespace orthrus
