// Joined pictures: several lists as one, one after the other, for a training from all of them. What
// a source does not label is missing. How often each source has its turn is data/sampler.h's
// business.
#pragma once

#include <vector>

#include "data/pictures.h"

namespace orthrus {

// The label columns are those of all parts, told apart by their names (or by their places where no
// part names any), in the order of their first appearance; a column of texts has the texts of all
// parts. Throws kInput when some parts name their columns and others do not.
[[nodiscard]] std::shared_ptr<Pictures> join_pictures(std::vector<SharedPictures> parts);

}  // namespace orthrus
