// The list that im2rec and orthrus pack leave beside a .rec file says which image each index stood
// for; another list can be checked against it.
#pragma once

#include <filesystem>

#include "data/list.h"

namespace orthrus {

// Throws kInput where PREFIX.lst beside the .rec file `records` gives a path of `list` another
// index than `list` does. Adds a warning where it has none of the paths. True where it
// has each path with the index; false where there is no such list, or where it is `list` itself.
bool check_packed_list(ImageList& list, const std::filesystem::path& records);

}  // namespace orthrus
