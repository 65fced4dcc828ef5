#include "train/checkpoint.h"

#include <algorithm>
#include <array>
#include <map>
#include <new>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "formats/safetensors/safetensors.h"

namespace orthrus {
namespace {

using StateJson = nlohmann::ordered_json;

constexpr const char* kFormat = "orthrus.checkpoint";
constexpr int kVersion = 1;
constexpr std::string_view kBegin = "step-", kEnd = ".safetensors";
constexpr size_t kDigits = 10;
constexpr const char* kStoppedAfter = "stopped_after";
constexpr std::array kHashedEntries = {"state", "config", "lists"};

// The tensors of a state by the beginning of their names.
struct TensorGroup {
  std::string_view prefix;
  NamedTensors TrainerState::*tensors;
};
constexpr std::array<TensorGroup, 4> kTensorGroups = {
    {{"parameter/", &TrainerState::parameters},
     {"momentum/", &TrainerState::momentum},
     {"second_moment/", &TrainerState::second_moment},
     {"average/", &TrainerState::average}}};

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

StateJson to_json(const EpochReport& epoch) {
  return {{"epoch", epoch.epoch},
          {"updates", epoch.updates},
          {"learning_rate", epoch.learning_rate},
          {"seconds", epoch.seconds},
          {"train", to_json(epoch.train)},
          {"validation", to_json(epoch.validation)},
          {"task_weights", epoch.task_weights},
          {"score", epoch.score ? StateJson(*epoch.score) : StateJson()}};
}

EpochReport epoch_of(const StateJson& json) {
  return {.epoch = json.at("epoch").get<int>(),
          .updates = json.at("updates").get<int64_t>(),
          .learning_rate = json.at("learning_rate").get<double>(),
          .seconds = json.at("seconds").get<double>(),
          .train = sums_of(json.at("train")),
          .validation = sums_of(json.at("validation")),
          .task_weights = json.at("task_weights").get<std::vector<double>>(),
          .score = json.at("score").is_null() ? std::nullopt
                                              : std::optional(json.at("score").get<double>())};
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
  for (const std::string key : kHashedEntries) {
    if (fmt::format("{:016x}", hash_text(entry(file, key))) != entry(file, key + ".hash")) {
      throw input_error("the entry '{}' is not the one that was written", key);
    }
  }
}

// All but the tensors.
StateJson to_json(const TrainerState& state) {
  StateJson history = StateJson::array();
  for (const EpochReport& epoch : state.history) history.push_back(to_json(epoch));
  return {{"epoch", state.epoch},
          {"loader", {state.loader.epoch, state.loader.batch}},
          {"updates", state.updates},
          {"rollbacks", state.rollbacks},
          {"rollback",
           {state.rollback.to, state.rollback.failed_at, state.rollback.tries,
            state.rollback.best_from}},
          {kStoppedAfter, state.stopped_after ? StateJson(*state.stopped_after) : StateJson()},
          {"epoch_sums", to_json(state.epoch_sums)},
          {"window_sums", to_json(state.window_sums)},
          {"history", history},
          {"log_size", state.log_size},
          {"weighting", state.weighting},
          {"task_weights", state.task_weights},
          {"frozen", state.frozen}};
}

bool was_at_stop(const StateJson& json) {
  return json.contains(kStoppedAfter) && !json[kStoppedAfter].is_null();
}

TrainerState state_of(const StateJson& json) {
  TrainerState state;
  state.epoch = json.at("epoch").get<int>();
  state.loader = {.epoch = json.at("loader").at(0).get<uint64_t>(),
                  .batch = json.at("loader").at(1).get<uint64_t>()};
  state.updates = json.at("updates").get<int64_t>();
  state.rollbacks = json.at("rollbacks").get<int>();
  state.epoch_sums = sums_of(json.at("epoch_sums"));
  state.window_sums = sums_of(json.at("window_sums"));
  for (const StateJson& epoch : json.at("history")) state.history.push_back(epoch_of(epoch));
  state.log_size = json.at("log_size").get<uint64_t>();
  state.weighting = json.at("weighting").get<std::vector<double>>();
  state.task_weights = json.at("task_weights").get<std::vector<double>>();
  state.frozen = json.value("frozen", uint64_t{0});
  // Earlier versions did not write these.
  if (json.contains("rollback")) {
    const StateJson& rollback = json["rollback"];
    state.rollback = {.to = rollback.at(0).get<int64_t>(),
                      .failed_at = rollback.at(1).get<int64_t>(),
                      .tries = rollback.at(2).get<int>(),
                      .best_from = rollback.at(3).get<size_t>()};
  }
  if (was_at_stop(json)) state.stopped_after = json[kStoppedAfter].get<int64_t>();
  return state;
}

std::string text_of(const std::vector<ListIdentity>& lists) {
  StateJson json = StateJson::array();
  for (const ListIdentity& list : lists) {
    json.push_back(
        {{"path", list.path.string()}, {"pictures", list.pictures}, {"hash", list.hash}});
  }
  // A path need not be UTF-8.
  return json.dump(-1, ' ', false, StateJson::error_handler_t::replace);
}

std::vector<ListIdentity> lists_of(const StateJson& json) {
  std::vector<ListIdentity> lists;
  for (const StateJson& list : json) {
    lists.push_back({.path = list.at("path").get<std::string>(),
                     .pictures = list.at("pictures").get<size_t>(),
                     .hash = list.at("hash").get<uint64_t>()});
  }
  return lists;
}

Checkpoint checkpoint_of(SafetensorsFile file) {
  if (!file.metadata.contains(kFormat)) throw input_error("it is no checkpoint of a training");
  const int version = std::stoi(entry(file, kFormat));
  if (version > kVersion) {
    throw input_error("it has version {}, this program reads up to {}", version, kVersion)
        .with_hint("a newer Orthrus wrote it");
  }
  check_hashes(file);
  Checkpoint checkpoint{.state = state_of(StateJson::parse(entry(file, "state"))),
                        .inputs = {.config = entry(file, "config"),
                                   .lists = lists_of(StateJson::parse(entry(file, "lists")))}};
  for (auto& [name, tensor] : file.tensors) {
    for (const TensorGroup& group : kTensorGroups) {
      if (!name.starts_with(group.prefix)) continue;
      (checkpoint.state.*group.tensors)[name.substr(group.prefix.size())] = std::move(tensor);
      break;
    }
  }
  return checkpoint;
}

// By the name of a file that checkpoint_files() found.
int64_t updates_of(const std::filesystem::path& path) {
  return std::stoll(path.filename().string().substr(kBegin.size(), kDigits));
}

enum class FileKind { kOther, kDue, kAtStop };

// Told by the header alone.
FileKind kind_of(const std::filesystem::path& path) {
  try {
    const SafetensorsHeader header = read_safetensors_header(path);
    const auto version = header.metadata.find(kFormat);
    if (version == header.metadata.end() || version->second != std::to_string(kVersion)) {
      return FileKind::kOther;
    }
    const auto state = header.metadata.find("state");
    const bool at_stop =
        state != header.metadata.end() && was_at_stop(StateJson::parse(state->second));
    return at_stop ? FileKind::kAtStop : FileKind::kDue;
  } catch (const Error&) {
    return FileKind::kOther;
  } catch (const nlohmann::json::exception&) {
    return FileKind::kOther;
  }
}

}  // namespace

Checkpoint read_checkpoint(const std::filesystem::path& path) {
  return parse_checkpoint(read_file(path), path.string());
}

Checkpoint parse_checkpoint(std::span<const std::byte> bytes, const std::string& origin) {
  SafetensorsFile file = parse_safetensors(bytes, origin);
  try {
    return checkpoint_of(std::move(file));
  } catch (const Error& error) {
    throw error.within("cannot continue from '" + origin + "'");
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {  // of the JSON library, or a number that is none
    throw input_error("cannot continue from '{}': its entries are not as expected", origin);
  }
}

void write_checkpoint(const std::filesystem::path& path, Checkpoint checkpoint) {
  TrainerState& state = checkpoint.state;
  NamedTensors tensors;
  for (const TensorGroup& group : kTensorGroups) {
    for (auto& [name, tensor] : state.*group.tensors) {
      tensors[std::string(group.prefix) + name] = std::move(tensor);
    }
  }
  StateJson hashes = StateJson::object();
  for (const auto& [name, tensor] : tensors) hashes[name] = hash_of(tensor);
  std::map<std::string, std::string> metadata = {{kFormat, std::to_string(kVersion)},
                                                 {"hashes", hashes.dump()},
                                                 {"state", to_json(state).dump()},
                                                 {"config", checkpoint.inputs.config},
                                                 {"lists", text_of(checkpoint.inputs.lists)}};
  for (const std::string key : kHashedEntries) {
    metadata[key + ".hash"] = fmt::format("{:016x}", hash_text(metadata[key]));
  }
  write_safetensors(path, tensors, metadata);
}

std::vector<std::filesystem::path> checkpoint_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code failure;
  std::filesystem::directory_iterator entry(folder, failure);
  if (failure == std::errc::no_such_file_or_directory) return found;
  for (; !failure && entry != std::filesystem::directory_iterator(); entry.increment(failure)) {
    const std::string file = entry->path().filename().string();
    const bool fits = file.size() == kBegin.size() + kDigits + kEnd.size() &&
                      file.starts_with(kBegin) && file.ends_with(kEnd) &&
                      std::ranges::all_of(file.substr(kBegin.size(), kDigits),
                                          [](char c) { return c >= '0' && c <= '9'; });
    if (fits) found.push_back(entry->path());
  }
  if (failure) {
    throw input_error("cannot read the folder '{}': {}", folder.string(), failure.message());
  }
  std::ranges::sort(found, std::greater<>{});
  return found;
}

CheckpointFolder::CheckpointFolder(std::filesystem::path folder, TrainingInputs inputs,
                                   const CheckpointSchedule& schedule)
    : folder_(std::move(folder)), inputs_(std::move(inputs)), schedule_(schedule) {}

CheckpointFolder::~CheckpointFolder() {
  if (writing_.valid()) writing_.wait();
}

bool CheckpointFolder::due(int64_t updates) const {
  const std::chrono::duration<double, std::ratio<60>> minutes = Clock::now() - last_time_;
  return (schedule_.minutes > 0 && minutes.count() >= schedule_.minutes) ||
         (schedule_.steps > 0 && updates - last_due_ >= schedule_.steps);
}

void CheckpointFolder::start_write(TrainerState state) {
  last_time_ = Clock::now();
  if (!state.stopped_after) last_due_ = state.updates;
  finish();
  const int64_t updates = state.updates;
  try {
    writing_ = std::async(
        std::launch::async, [this](TrainerState&& taken) { write(std::move(taken)); },
        std::move(state));
  } catch (const std::system_error& error) {
    throw resource_error("cannot write the checkpoint of update {}: no thread can be started ({})",
                         updates, error.code().message())
        .with_hint("the limit of processes or the memory is exhausted");
  }
}

void CheckpointFolder::finish() {
  if (writing_.valid()) writing_.get();
}

void CheckpointFolder::write(TrainerState state) {
  const std::filesystem::path file =
      folder_ / fmt::format("{}{:0{}}{}", kBegin, state.updates, kDigits, kEnd);
  try {
    make_directories(folder_);
    write_checkpoint(file, {.state = std::move(state), .inputs = inputs_});
  } catch (const std::bad_alloc&) {
    throw resource_error("cannot write '{}': out of memory", file.string());
  }
  try {
    remove_void(file);
  } catch (const std::exception&) {  // one too many does no harm
  }
}

void CheckpointFolder::remove_void(const std::filesystem::path& written) const {
  int kept = 0;
  for (const std::filesystem::path& path : checkpoint_files(folder_)) {
    const FileKind kind = kind_of(path);
    if (kind == FileKind::kOther) continue;
    const bool stays =
        kind == FileKind::kAtStop ? path == written : path <= written && ++kept <= schedule_.keep;
    if (stays) continue;
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
}

void CheckpointFolder::remove_from(int64_t updates) const {
  try {
    for (const std::filesystem::path& path : checkpoint_files(folder_)) {
      if (updates_of(path) < updates || kind_of(path) == FileKind::kOther) continue;
      std::error_code ignored;
      std::filesystem::remove(path, ignored);
    }
  } catch (const Error&) {  // one too many does no harm
  }
}

CheckpointFolder::Newest CheckpointFolder::newest(int64_t below, bool of_stops) const {
  Newest newest;
  for (const std::filesystem::path& path : checkpoint_files(folder_)) {
    if (updates_of(path) >= below) continue;
    try {
      Checkpoint checkpoint = read_checkpoint(path);
      if (checkpoint.state.stopped_after && !of_stops) continue;
      newest.checkpoint = std::move(checkpoint);
      newest.path = path;
      return newest;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kResource) throw;  // no fault of the file
      newest.skipped.push_back(error.message());
    }
  }
  return newest;
}

}  // namespace orthrus
