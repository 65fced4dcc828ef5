#include "train/non_finite.h"

#include <array>
#include <map>
#include <new>
#include <nlohmann/json.hpp>

#include "formats/safetensors/safetensors.h"

namespace orthrus {
namespace {

constexpr const char* kBadStepKey = "orthrus.bad_step";
constexpr const char* kImages = "batch/images";
constexpr const char* kLabels = "batch/labels";

struct BadStepGroup {
  std::string_view prefix;
  NamedTensors BadStep::*tensors;
};
constexpr std::array<BadStepGroup, 3> kBadStepGroups = {
    {{"parameter/", &BadStep::parameters},
     {"momentum/", &BadStep::momentum},
     {"second_moment/", &BadStep::second_moment}}};

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
  step.step = json.at("update").get<int64_t>();
  // What earlier versions did not write has a default.
  step.updates = json.value("updates", step.step);
  step.learning_rate = json.value("learning_rate", 0.0);
  step.what = json.value("what", std::string());
  step.traced = json.value("traced", false);
  step.validation = json.value("validation", false);
  step.weighting = json.value("weighting", std::vector<double>());
  step.seed = json.at("seed").get<uint64_t>();
  step.data.count = json.at("count").get<int>();
  step.data.positions = json.at("positions").get<std::vector<int64_t>>();
  step.data.partners = json.at("partners").get<std::vector<int>>();
  step.data.shares = json.at("shares").get<std::vector<float>>();
  step.data.images = taken(file.tensors, kImages);
  step.data.labels = taken(file.tensors, kLabels);
  for (auto& [name, tensor] : file.tensors) {
    for (const BadStepGroup& group : kBadStepGroups) {
      if (!name.starts_with(group.prefix)) continue;
      (step.*group.tensors)[name.substr(group.prefix.size())] = std::move(tensor);
      break;
    }
  }
  return step;
}

}  // namespace

void write_bad_step(const std::filesystem::path& path, BadStep step) {
  const nlohmann::json json = {{"epoch", step.epoch},
                               {"batch", step.batch},
                               {"update", step.step},
                               {"updates", step.updates},
                               {"seed", step.seed},
                               {"learning_rate", step.learning_rate},
                               {"what", step.what},
                               {"traced", step.traced},
                               {"validation", step.validation},
                               {"weighting", step.weighting},
                               {"count", step.data.count},
                               {"positions", step.data.positions},
                               {"partners", step.data.partners},
                               {"shares", step.data.shares}};
  NamedTensors tensors;
  for (const BadStepGroup& group : kBadStepGroups) {
    for (auto& [name, tensor] : step.*group.tensors) {
      tensors[std::string(group.prefix) + name] = std::move(tensor);
    }
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
