// Pictures made in memory for the tests of decoding and loading: a fixed pattern, encoded with
// libjpeg or libspng, and a folder of them that removes itself.
#pragma once

#include <cstdio>  // jpeglib.h uses FILE without declaring it

#include <jpeglib.h>
#include <spng.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace orthrus {

// (H,W,channels) bytes: slopes and an edge, different for every `variant`.
inline std::vector<uint8_t> sample_pixels(int width, int height, int channels, int variant = 0) {
  std::vector<uint8_t> pixels;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        const int edge = (x + y * 2 > (width + 2 * height) / 2) ? 90 : 0;
        pixels.push_back(static_cast<uint8_t>(x * (3 + c) + y * (5 - c) + edge + 31 * variant));
      }
    }
  }
  return pixels;
}

struct JpegOptions {
  J_COLOR_SPACE colours = JCS_RGB;  // JCS_GRAYSCALE, JCS_RGB or JCS_CMYK, of the pixels given
  int quality = 90;
  bool progressive = false;
  unsigned restart_rows = 0;
  int chroma_width = 2, chroma_height = 2;  // pixels that share a sample of chroma
  int variant = 0;
};

inline std::vector<std::byte> make_jpeg(int width, int height, const JpegOptions& options = {}) {
  const int channels = options.colours == JCS_GRAYSCALE ? 1 : options.colours == JCS_CMYK ? 4 : 3;
  std::vector<uint8_t> pixels = sample_pixels(width, height, channels, options.variant);
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &memory, &size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = channels;
  info.in_color_space = options.colours;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, options.quality, TRUE);
  info.restart_in_rows = static_cast<int>(options.restart_rows);
  if (info.num_components == 3) {
    info.comp_info[0].h_samp_factor = options.chroma_width;
    info.comp_info[0].v_samp_factor = options.chroma_height;
  }
  if (options.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  for (int y = 0; y < height; ++y) {
    JSAMPROW row = pixels.data() + static_cast<ptrdiff_t>(y) * width * channels;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const auto* begin = reinterpret_cast<const std::byte*>(memory);
  std::vector<std::byte> bytes(begin, begin + size);
  std::free(memory);
  return bytes;
}

// An RGB PNG of the pattern.
inline std::vector<std::byte> make_png(int width, int height, int variant = 0) {
  const std::vector<uint8_t> pixels = sample_pixels(width, height, 3, variant);
  spng_ctx* context = spng_ctx_new(SPNG_CTX_ENCODER);
  spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1);
  spng_ihdr header{.width = static_cast<uint32_t>(width),
                   .height = static_cast<uint32_t>(height),
                   .bit_depth = 8,
                   .color_type = SPNG_COLOR_TYPE_TRUECOLOR,
                   .compression_method = 0,
                   .filter_method = 0,
                   .interlace_method = 0};
  spng_set_ihdr(context, &header);
  spng_encode_image(context, pixels.data(), pixels.size(), SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
  size_t size = 0;
  int error = 0;
  void* memory = spng_get_png_buffer(context, &size, &error);
  const auto* begin = static_cast<const std::byte*>(memory);
  std::vector<std::byte> bytes(begin, begin + size);
  std::free(memory);
  spng_ctx_free(context);
  return bytes;
}

// A new folder, removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "orthrus-data-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, std::span<const std::byte> bytes) const {
    const std::filesystem::path file = path_ / name;
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return file;
  }
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    return write(name, std::as_bytes(std::span(text)));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace orthrus
