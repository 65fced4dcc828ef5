#include "data/orientation.h"

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace orthrus {

namespace {

constexpr int kUpright = 1;

// Numbers of a TIFF block, in its byte order; zero beyond its end.
class TiffBytes {
 public:
  explicit TiffBytes(std::span<const std::byte> bytes)
      : bytes_(bytes), big_endian_(!bytes.empty() && bytes[0] == std::byte{'M'}) {}

  [[nodiscard]] uint32_t number(size_t offset, size_t width) const {
    if (offset > bytes_.size() || bytes_.size() - offset < width) return 0;
    uint32_t value = 0;
    for (size_t i = 0; i < width; ++i) {
      const size_t at = big_endian_ ? i : width - 1 - i;
      value = value << 8 | std::to_integer<uint32_t>(bytes_[offset + at]);
    }
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  bool big_endian_;
};

bool begins_with(std::span<const std::byte> bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

uint32_t big_endian_16(std::span<const std::byte> bytes, size_t at) {
  return std::to_integer<uint32_t>(bytes[at]) << 8 | std::to_integer<uint32_t>(bytes[at + 1]);
}

}  // namespace

int exif_orientation(std::span<const std::byte> exif) {
  constexpr uint32_t kOrientationTag = 0x0112;
  constexpr uint32_t kShort = 3;
  constexpr size_t kEntryBytes = 12;
  using namespace std::string_view_literals;
  if (!begins_with(exif, "II*\0"sv) && !begins_with(exif, "MM\0*"sv)) return kUpright;
  const TiffBytes tiff(exif);
  const size_t directory = tiff.number(4, 4);
  const size_t entries = tiff.number(directory, 2);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + i * kEntryBytes;
    if (entry >= exif.size()) break;
    if (tiff.number(entry, 2) != kOrientationTag) continue;
    const uint32_t value = tiff.number(entry + 2, 2) == kShort ? tiff.number(entry + 8, 2) : 0;
    return value >= 1 && value <= 8 ? static_cast<int>(value) : kUpright;
  }
  return kUpright;
}

std::span<const std::byte> exif_of_jpeg(std::span<const std::byte> file) {
  constexpr uint32_t kStartOfScan = 0xDA, kApp1 = 0xE1;
  using namespace std::string_view_literals;
  size_t at = 2;  // after the start marker
  while (at + 4 <= file.size() && file[at] == std::byte{0xFF}) {
    const auto marker = std::to_integer<uint32_t>(file[at + 1]);
    if (marker == 0xFF) {  // a fill byte
      ++at;
      continue;
    }
    const size_t length = big_endian_16(file, at + 2);
    if (marker == kStartOfScan || length < 2 || file.size() - at - 2 < length) return {};
    const std::span<const std::byte> segment = file.subspan(at + 4, length - 2);
    if (marker == kApp1 && begins_with(segment, "Exif\0\0"sv)) return segment.subspan(6);
    at += 2 + length;
  }
  return {};
}

std::span<const std::byte> exif_of_webp(std::span<const std::byte> file) {
  using namespace std::string_view_literals;
  for (size_t at = 12; at + 8 <= file.size();) {
    const std::span<const std::byte> chunk = file.subspan(at);
    uint32_t length = 0;
    std::memcpy(&length, chunk.data() + 4, sizeof length);
    if (length > chunk.size() - 8) return {};
    if (begins_with(chunk, "EXIF"sv)) {
      // Some writers put the marker of a JPEG in front.
      const std::span<const std::byte> exif = chunk.subspan(8, length);
      return begins_with(exif, "Exif\0\0"sv) ? exif.subspan(6) : exif;
    }
    at += 8 + size_t{length} + (length & 1);
  }
  return {};
}

void apply_orientation(int orientation, Image& image) {
  if (orientation <= 1 || orientation > 8) return;
  const bool transposed = orientation >= 5;
  const int64_t width = image.width(), height = image.height();
  Image turned;
  turned.resize(transposed ? height : width, transposed ? width : height);
  for (int64_t y = 0; y < turned.height(); ++y) {
    uint8_t* dst = turned.row(y);
    for (int64_t x = 0; x < turned.width(); ++x, dst += 3) {
      int64_t from_x = transposed ? y : x, from_y = transposed ? x : y;
      if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8) {
        from_x = width - 1 - from_x;
      }
      if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) {
        from_y = height - 1 - from_y;
      }
      std::memcpy(dst, image.row(from_y) + 3 * from_x, 3);
    }
  }
  image = std::move(turned);
}

}  // namespace orthrus
