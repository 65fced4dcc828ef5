// How many classes a list of numbers has, where no task says so.
#pragma once

#include <cstddef>
#include <cstdint>

#include "data/list.h"
#include "tasks/task.h"

namespace orthrus {

// The largest label of that column and one more. Throws kInput for labels that are hardly class
// numbers (negative, fractions, over 20 different ones with more gaps than classes), and for a
// single class.
[[nodiscard]] int64_t count_number_classes(const ImageList& list, const Task& task, size_t column);

}  // namespace orthrus
