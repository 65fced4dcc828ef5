#include "model/neighbour.h"

#include <algorithm>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/error.h"
#include "formats/mxnet/checkpoint.h"
#include "formats/mxnet/symbol.h"
#include "model/model_file.h"
#include "tasks/heads.h"

namespace orthrus {

namespace {

// Whether other checkpoints lie in the folder, whose model the file beside them may be.
bool has_company(const std::filesystem::path& folder, const std::string& prefix) {
  constexpr std::string_view kEnding = "-symbol.json";
  const std::string own = mxnet::symbol_path(prefix).filename().string();
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator(folder.empty() ? "." : folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(kEnding) && name != own) return true;
  }
  return false;
}

// Whether some epoch of the prefix has the values of the model's heads.
bool holds_same_heads(const std::filesystem::path& path, const std::string& prefix) {
  const Model model = read_model(path);
  const auto is_of = [&](const mxnet::Checkpoint& checkpoint, const std::string& name) {
    const auto own = model.parameters.find(name);
    const auto other = checkpoint.parameters.find(name);
    return own != model.parameters.end() && other != checkpoint.parameters.end() &&
           std::ranges::equal(own->second.bytes(), other->second.bytes());
  };
  std::vector<std::string> names;
  for (const Task& task : model.tasks) {
    for (const std::string& name : head_parameters(task)) names.push_back(name);
  }
  return std::ranges::any_of(mxnet::saved_epochs(prefix), [&](int epoch) {
    const mxnet::Checkpoint checkpoint = mxnet::load_checkpoint(prefix, epoch);
    return std::ranges::all_of(names, [&](const auto& name) { return is_of(checkpoint, name); });
  });
}

}  // namespace

std::optional<Neighbour> neighbour_of(const std::string& prefix) {
  const std::filesystem::path folder = std::filesystem::path(prefix).parent_path();
  for (const std::filesystem::path& path :
       {folder / "best.safetensors", folder / "last.safetensors",
        std::filesystem::path(prefix + ".safetensors")}) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path, ignored)) continue;
    try {
      const ModelDescription description = describe_model(path);
      if (description.graph != mxnet::read_symbol(mxnet::symbol_path(prefix))) continue;
      const bool named = path.stem() == std::filesystem::path(prefix).filename();
      if (!named && has_company(folder, prefix) && !holds_same_heads(path, prefix)) continue;
      return Neighbour{path, description.preprocessing};
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) throw;
    }
  }
  return std::nullopt;
}

}  // namespace orthrus
