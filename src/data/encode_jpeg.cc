// As in decode_jpeg.cc, errors leave libjpeg by longjmp, so the calls stand in a member that holds
// plain values alone.
#include "data/encode_jpeg.h"

#include <cstdio>  // jpeglib.h uses FILE and size_t without declaring them

#include <jpeglib.h>

#include <csetjmp>
#include <cstdlib>
#include <span>

#include "base/error.h"

namespace orthrus {

namespace {

class JpegWriter {
 public:
  JpegWriter() {
    info_.err = jpeg_std_error(&errors_);
    info_.client_data = this;
    errors_.error_exit = on_encoding_error;
  }
  ~JpegWriter() {
    jpeg_destroy_compress(&info_);
    std::free(memory_);
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;

  [[nodiscard]] bool write(const ImageView& picture, int quality) {
    if (setjmp(escape_) != 0) return false;
    jpeg_create_compress(&info_);
    jpeg_mem_dest(&info_, &memory_, &size_);
    info_.image_width = static_cast<JDIMENSION>(picture.width);
    info_.image_height = static_cast<JDIMENSION>(picture.height);
    info_.input_components = 3;
    info_.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info_);
    jpeg_set_quality(&info_, quality, TRUE);
    info_.optimize_coding = TRUE;
    jpeg_start_compress(&info_, TRUE);
    while (info_.next_scanline < info_.image_height) {
      JSAMPROW row = const_cast<JSAMPROW>(picture.row(info_.next_scanline));
      jpeg_write_scanlines(&info_, &row, 1);
    }
    jpeg_finish_compress(&info_);
    return true;
  }

  [[nodiscard]] std::span<const std::byte> bytes() const {
    return {reinterpret_cast<const std::byte*>(memory_), size_};
  }

 private:
  [[noreturn]] static void on_encoding_error(j_common_ptr info) {
    std::longjmp(static_cast<JpegWriter*>(info->client_data)->escape_, 1);
  }

  jpeg_compress_struct info_{};
  jpeg_error_mgr errors_{};
  std::jmp_buf escape_{};
  unsigned char* memory_ = nullptr;
  unsigned long size_ = 0;
};

}  // namespace

std::vector<std::byte> encode_jpeg(const ImageView& picture, int quality) {
  if (picture.width > JPEG_MAX_DIMENSION || picture.height > JPEG_MAX_DIMENSION) {
    throw input_error("a picture of {}x{} pixels cannot be a JPEG (at most {} each way)",
                      picture.width, picture.height, JPEG_MAX_DIMENSION);
  }
  JpegWriter writer;
  if (!writer.write(picture, quality)) throw resource_error("out of memory while encoding a JPEG");
  const std::span<const std::byte> bytes = writer.bytes();
  return {bytes.begin(), bytes.end()};
}

}  // namespace orthrus
