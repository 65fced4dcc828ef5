#include "base/text.h"

#include <algorithm>

namespace orthrus {

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return result;
}

std::string shown(std::string_view text) {
  constexpr size_t kMost = 60;
  std::string result(text.substr(0, kMost));
  std::ranges::replace_if(
      result, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return text.size() > kMost ? result + "..." : result;
}

}  // namespace orthrus
