// The model file that a training left beside its MXNet checkpoints: it knows how images are
// prepared, which MXNet's two files do not say.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "data/preprocessing.h"

namespace orthrus {

struct Neighbour {
  std::filesystem::path path;
  Preprocessing preprocessing;
};

// best.safetensors or last.safetensors in the folder of the MXNet prefix, or PREFIX.safetensors,
// where its graph is that of PREFIX-symbol.json and, if there are several prefixes in the folder,
// its heads have the values of one of the prefix's epochs. Nothing where there is none, or where a
// file of them cannot be read: whoever needs that file says so.
[[nodiscard]] std::optional<Neighbour> neighbour_of(const std::string& prefix);

}  // namespace orthrus
