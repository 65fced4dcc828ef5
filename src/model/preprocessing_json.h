// Preprocessing as JSON, the form that it has in a model file: the numbers that make a picture the
// network's input. What training alone does (random crop, mirror) is no part of it. New fields
// follow the rule of task_json.h.
#pragma once

#include <string>
#include <string_view>

#include "data/preprocessing.h"

namespace orthrus {

// {"channels": 3, "height": 224, "width": 224, "resize": 224, "mean": [123.68, 116.28, 103.53],
//  "std": [58.395, 57.12, 57.375]}
[[nodiscard]] std::string preprocessing_to_json(const Preprocessing& preprocessing);

// Throws kInput naming the field that is missing, wrong or unknown.
[[nodiscard]] Preprocessing preprocessing_from_json(std::string_view text);

}  // namespace orthrus
