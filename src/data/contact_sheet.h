// Contact sheet: the first pictures of a training's first epoch as the network would get them,
// each with its labels below, in one picture for people to look at.
#pragma once

#include "data/loader.h"

namespace orthrus {

// `count` of them, or as many as there are. Pictures that cannot be used are left out.
[[nodiscard]] Image contact_sheet(const SharedPictures& pictures,
                                  const Preprocessing& preprocessing, LoaderOptions options,
                                  int count);

}  // namespace orthrus
