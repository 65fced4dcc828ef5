// Pictures that are there more than once: exactly, byte for byte (told by hash and size), or nearly
// (told by their looks).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "data/inspect.h"

namespace orthrus {

using DuplicateGroup = std::vector<size_t>;  // two or more positions, ascending

struct Duplicates {
  std::vector<DuplicateGroup> exact;
  // Of pictures that are not the same bytes; of an exact group the first one stands for all. A
  // picture joins the group of the first one that it looks like.
  std::vector<DuplicateGroup> near;
};

// Pictures that are not usable take no part, and nearly uniform ones none in `near`. Groups are in
// the order of their first members.
[[nodiscard]] Duplicates find_duplicates(std::span<const PictureFacts> facts);

}  // namespace orthrus
