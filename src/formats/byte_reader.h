// ByteReader: walks over the bytes of a file front to back. Nothing is handed out, and so nothing
// can be allocated by a caller, before it is known to be there. It copies no array data.
#pragma once

#include <bit>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace orthrus {

static_assert(std::endian::native == std::endian::little, "the formats are little-endian");

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  [[nodiscard]] size_t offset() const { return offset_; }
  [[nodiscard]] size_t remaining() const { return bytes_.size() - offset_; }

  // The next `size` bytes, a view into the file. Throws kInput when fewer are left: "truncated:
  // <what> takes 400 bytes at offset 96, of which 12 are there".
  std::span<const std::byte> take(size_t size, std::string_view what);

  // The next little-endian number.
  template <typename T>
  T read(std::string_view what) {
    T value;
    std::memcpy(&value, take(sizeof(T), what).data(), sizeof(T));
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  size_t offset_ = 0;
};

}  // namespace orthrus
