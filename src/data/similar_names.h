// Names that are different to a program and hardly meant to be: classes `Red` and `red`, or an é
// that is one character in one name and an e with a combining accent in the other, as file systems
// and editors write it.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace orthrus {

// "'Red' and 'red' differ by case only", a line for each group of such names, in the order of the
// first ones; equal names count once. Letters that are decomposed: Latin, Greek and Cyrillic ones,
// kana and Hangul; letters whose case is known: A to Z, Greek and Cyrillic ones, and those with
// marks on them. Bytes that are no UTF-8 stand for themselves.
[[nodiscard]] std::vector<std::string> similar_names(std::span<const std::string> names);

}  // namespace orthrus
