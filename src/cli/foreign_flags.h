// The usual flags of other tools (PyTorch's and timm's scripts, Hugging Face, Keras, Ultralytics,
// fastai, MXNet's scripts) and what they are called here, for the hints to unknown options.
#pragma once

#include <span>

#include "base/options_parse.h"

namespace orthrus {

// In the order in which they are tried: where no entry's key belongs to the command, a later entry
// of the same flag may still have a remark.
[[nodiscard]] std::span<const ForeignFlag> foreign_flags();

}  // namespace orthrus
