#include "formats/mxnet/names.h"

#include <algorithm>
#include <cstdint>

#include "base/error.h"

namespace orthrus::mxnet {

namespace {

constexpr size_t kLongestName = 1024;

// Bytes of the UTF-8 sequence at the start of `text` (RFC 3629, table of section 4), 0 for a wrong
// one.
size_t sequence_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const auto in = [&](size_t i, uint8_t low, uint8_t high) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return in(1, 0x80, 0xbf) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const uint8_t low = first == 0xe0 ? 0xa0 : 0x80;
    const uint8_t high = first == 0xed ? 0x9f : 0xbf;  // no surrogates
    return in(1, low, high) && in(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const uint8_t low = first == 0xf0 ? 0x90 : 0x80;
    const uint8_t high = first == 0xf4 ? 0x8f : 0xbf;
    return in(1, low, high) && in(2, 0x80, 0xbf) && in(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool is_control(char c) {
  return static_cast<uint8_t>(c) < 0x20 || c == 0x7f;
}

}  // namespace

void check_name(std::string_view name) {
  if (name.empty()) throw input_error("a name is empty");
  if (name.size() > kLongestName) {
    throw input_error("the name '{}...' has {} bytes, expected at most {}", printable(name),
                      name.size(), kLongestName);
  }
  if (!is_utf8(name)) throw input_error("the name '{}' is not UTF-8", printable(name));
  if (std::ranges::any_of(name, is_control)) {
    throw input_error("the name '{}' holds control characters", printable(name));
  }
}

std::string printable(std::string_view text, size_t most) {
  std::string shown;
  for (const char c : text.substr(0, most)) {
    if (c >= 0x20 && c < 0x7f) {
      shown += c;
    } else {
      shown += fmt::format("\\x{:02x}", static_cast<uint8_t>(c));
    }
  }
  return shown;
}

}  // namespace orthrus::mxnet
