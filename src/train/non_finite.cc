#include "train/non_finite.h"

#include <map>
#include <new>
#include <nlohmann/json.hpp>

#include "formats/safetensors/safetensors.h"

namespace orthrus {
namespace {

constexpr const char* kBadStepKey = "orthrus.bad_step";
constexpr const char* kImages = "batch/images";
constexpr const char* kLabels = "batch/labels";
constexpr std::string_view kParameterPrefix = "parameter/";

Tensor taken(NamedTensors& tensors, const char* name) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) throw input_error("'{}' is missing", name);
  return std::move(found->second);
}

BadStep bad_step_of(SafetensorsFile file) {
  const auto text = file.metadata.find(kBadStepKey);
  if (text == file.metadata.end()) throw input_error("it is no step that a training saved");
  const auto json = nlohmann::json::parse(text->second);
  BadStep step;
  step.epoch = json.at("epoch").get<int>();
  step.batch = json.at("batch").get<int64_t>();
  step.update = json.at("update").get<int64_t>();
  step.seed = json.at("seed").get<uint64_t>();
  step.data.count = json.at("count").get<int>();
  step.data.positions = json.at("positions").get<std::vector<int64_t>>();
  step.data.partners = json.at("partners").get<std::vector<int>>();
  step.data.shares = json.at("shares").get<std::vector<float>>();
  step.data.images = taken(file.tensors, kImages);
  step.data.labels = taken(file.tensors, kLabels);
  for (auto& [name, tensor] : file.tensors) {
    if (!name.starts_with(kParameterPrefix)) continue;
    step.parameters[name.substr(kParameterPrefix.size())] = std::move(tensor);
  }
  return step;
}

}  // namespace

void write_bad_step(const std::filesystem::path& path, BadStep step) {
  const nlohmann::json json = {{"epoch", step.epoch},
                               {"batch", step.batch},
                               {"update", step.update},
                               {"seed", step.seed},
                               {"count", step.data.count},
                               {"positions", step.data.positions},
                               {"partners", step.data.partners},
                               {"shares", step.data.shares}};
  NamedTensors tensors;
  for (auto& [name, tensor] : step.parameters) {
    tensors[std::string(kParameterPrefix) + name] = std::move(tensor);
  }
  tensors[kImages] = step.data.images;
  tensors[kLabels] = step.data.labels;
  write_safetensors(path, tensors, {{kBadStepKey, json.dump()}});
}

BadStep read_bad_step(const std::filesystem::path& path) {
  SafetensorsFile file = read_safetensors(path);
  try {
    return bad_step_of(std::move(file));
  } catch (const Error& error) {
    throw error.within("cannot replay '" + path.string() + "'");
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {  // of the JSON library
    throw input_error("cannot replay '{}': its entries are not as expected", path.string());
  }
}

}  // namespace orthrus
