#include "model/neighbour.h"

#include <system_error>

#include "base/error.h"
#include "formats/mxnet/checkpoint.h"
#include "formats/mxnet/symbol.h"
#include "model/model_file.h"

namespace orthrus {

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
      return Neighbour{path, description.preprocessing};
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) throw;
    }
  }
  return std::nullopt;
}

}  // namespace orthrus
