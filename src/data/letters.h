// Letters of 5x7 pixels, for the labels on a contact sheet: ASCII; any other byte is a question
// mark.
#pragma once

#include <string_view>

#include "data/image.h"

namespace orthrus {

inline constexpr int64_t kLetterWidth = 6;  // with the gap behind it
inline constexpr int64_t kLetterHeight = 8;

// Black on whatever is there, from (x, y) rightwards; what does not fit into the picture is left
// out.
void draw_text(std::string_view text, int64_t x, int64_t y, Image& image);

}  // namespace orthrus
