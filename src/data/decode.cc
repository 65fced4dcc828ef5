#include "data/decode.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "base/error.h"

namespace orthrus {

namespace {

struct Signature {
  std::string_view name;
  size_t offset;
  std::string_view bytes;
};

using namespace std::string_view_literals;

// What people have in image folders and this program does not read; the first match names it.
constexpr auto kOtherFormats = std::to_array<Signature>({
    {"a GIF image", 0, "GIF8"sv},
    {"a HEIC image", 4, "ftypheic"sv},
    {"a HEIC image", 4, "ftypheix"sv},
    {"a HEIF image", 4, "ftypmif1"sv},
    {"an AVIF image", 4, "ftypavif"sv},
    {"a JPEG 2000 image", 0, "\0\0\0\x0CjP  "sv},
    {"a JPEG XL image", 0, "\xFF\x0A"sv},
    {"a JPEG XL image", 0, "\0\0\0\x0CJXL "sv},
    {"a TIFF image", 0, "II*\0"sv},
    {"a TIFF image", 0, "MM\0*"sv},
    {"a BMP image", 0, "BM"sv},
    {"a PDF document", 0, "%PDF"sv},
    {"a ZIP archive", 0, "PK\x03\x04"sv},
    {"a Git LFS pointer, not the file itself", 0, "version https://git-lfs"sv},
});

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool holds_at(std::string_view text, size_t offset, std::string_view wanted) {
  return text.size() >= offset + wanted.size() && text.substr(offset, wanted.size()) == wanted;
}

// A web page saved under a picture's name: the commonest damage of scraped data sets.
bool looks_like_markup(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  return first != text.npos && text[first] == '<' && first + 1 < text.size() &&
         (std::isalpha(static_cast<unsigned char>(text[first + 1])) != 0 ||
          text[first + 1] == '!' || text[first + 1] == '?');
}

std::string first_bytes(std::string_view text) {
  std::string hex;
  for (const char c : text.substr(0, 8)) {
    hex += fmt::format("{}{:02x}", hex.empty() ? "" : " ", static_cast<unsigned char>(c));
  }
  return hex;
}

}  // namespace

ImageFormat detect_image_format(std::span<const std::byte> bytes) {
  const std::string_view text = text_of(bytes.first(std::min<size_t>(bytes.size(), 512)));
  if (holds_at(text, 0, "\xFF\xD8\xFF"sv)) return ImageFormat::kJpeg;
  if (holds_at(text, 0, "\x89PNG\r\n\x1A\n"sv)) return ImageFormat::kPng;
  if (holds_at(text, 0, "RIFF"sv) && holds_at(text, 8, "WEBP"sv)) return ImageFormat::kWebp;
  constexpr auto kHint =
      "JPEG, PNG and WebP are read; convert the picture or leave it out of the list";
  if (text.empty()) throw input_error("the file is empty").with_hint("copy or download it again");
  if (std::ranges::all_of(text, [](char c) { return c == '\0'; })) {
    throw input_error("the file is full of zero bytes").with_hint("copy or download it again");
  }
  for (const Signature& other : kOtherFormats) {
    if (holds_at(text, other.offset, other.bytes)) {
      throw input_error("the file is {}, expected JPEG, PNG or WebP", other.name).with_hint(kHint);
    }
  }
  if (looks_like_markup(text)) {
    throw input_error("the file is a web page or XML, expected JPEG, PNG or WebP").with_hint(kHint);
  }
  throw input_error("the file is neither JPEG, PNG nor WebP (first bytes: {})", first_bytes(text))
      .with_hint(kHint);
}

std::string_view format_name(ImageFormat format) {
  switch (format) {
    case ImageFormat::kJpeg:
      return "JPEG";
    case ImageFormat::kPng:
      return "PNG";
    case ImageFormat::kWebp:
      return "WebP";
  }
  throw internal_error("unknown picture format {}", static_cast<int>(format));
}

namespace {

WantedPart all_of(Size whole) {
  return {.part = {0, 0, whole.width, whole.height}};
}

}  // namespace

ImageInfo decode_image(std::span<const std::byte> bytes, const DecodeLimits& limits, Image& image,
                       PixelRule rule) {
  switch (detect_image_format(bytes)) {
    case ImageFormat::kJpeg:
      return decode_jpeg(bytes, limits, rule, all_of, image).info;
    case ImageFormat::kPng:
      return decode_png(bytes, limits, rule, image);
    case ImageFormat::kWebp:
      return decode_webp(bytes, limits, rule, image);
  }
  throw internal_error("unknown picture format");
}

DecodedPart decode_part(std::span<const std::byte> bytes, const DecodeLimits& limits,
                        const std::function<WantedPart(Size whole)>& choose, Image& image,
                        PixelRule rule) {
  if (detect_image_format(bytes) == ImageFormat::kJpeg) {
    return decode_jpeg(bytes, limits, rule, choose, image);
  }
  DecodedPart decoded;
  decoded.info = decode_image(bytes, limits, image, rule);
  decoded.whole = image.view().whole();
  (void)choose(decoded.whole);
  return decoded;
}

void check_pixel_limit(int64_t width, int64_t height, const DecodeLimits& limits) {
  if (width < 1 || height < 1) throw input_error("the picture has {}x{} pixels", width, height);
  if (width > limits.max_pixels / height) {
    throw input_error("the picture has {}x{} = {} pixels, more than the limit of {}", width, height,
                      static_cast<uint64_t>(width) * static_cast<uint64_t>(height),
                      limits.max_pixels)
        .with_hint("make it smaller, leave it out of the list, or raise --max-pixels");
  }
}

}  // namespace orthrus
