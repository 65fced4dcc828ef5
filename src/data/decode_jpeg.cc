// libjpeg reports errors through callbacks that must not return, and here they leave by longjmp. A
// longjmp over a C++ object with a destructor is undefined, so every call of libjpeg happens in a
// member of JpegReader that sets the jump's target itself and holds nothing but plain values; those
// members answer true or false, and decode_jpeg turns false into an Error after the jump is over.
#include <cstdio>  // jpeglib.h uses FILE and size_t without declaring them

#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/decode.h"
#include "data/orientation.h"

namespace orthrus {

namespace {

constexpr int kRowsPerCall = 16;

// Fancy upsampling mixes a pixel's chroma with that of its neighbours, and takes the first and last
// decoded column for the picture's edge; so this many pixels more are decoded on either side.
constexpr int64_t kContextPixels = 8;

class JpegReader {
 public:
  JpegReader(std::span<const std::byte> bytes, int max_scans, PixelRule rule)
      : max_scans_(max_scans), rule_(rule) {
    info_.err = jpeg_std_error(&errors_);
    info_.client_data = this;
    errors_.error_exit = on_error;
    errors_.emit_message = on_message;
    progress_.progress_monitor = on_progress;
    source_.next_input_byte = reinterpret_cast<const JOCTET*>(bytes.data());
    source_.bytes_in_buffer = bytes.size();
    source_.init_source = [](j_decompress_ptr) {};
    source_.fill_input_buffer = on_end_of_data;
    source_.skip_input_data = on_skip;
    source_.resync_to_restart = jpeg_resync_to_restart;
    source_.term_source = [](j_decompress_ptr) {};
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  [[nodiscard]] int64_t width() const { return info_.image_width; }
  [[nodiscard]] int64_t height() const { return info_.image_height; }
  [[nodiscard]] int components() const { return info_.num_components; }
  [[nodiscard]] bool four_components() const { return info_.num_components == 4; }
  [[nodiscard]] bool data_ended() const { return data_ended_; }
  [[nodiscard]] bool incomplete() const { return incomplete_; }
  [[nodiscard]] bool out_of_memory() const { return errors_.msg_code == JERR_OUT_OF_MEMORY; }
  [[nodiscard]] const char* message() const { return message_.data(); }

  [[nodiscard]] bool read_header() {
    if (setjmp(escape_) != 0) return false;
    jpeg_create_decompress(&info_);
    info_.progress = &progress_;
    info_.src = &source_;
    jpeg_read_header(&info_, TRUE);
    info_.out_color_space = info_.num_components == 4 ? JCS_CMYK : JCS_RGB;
    return true;
  }

  // A part can be decoded alone when there is one scan. (Several are all in memory anyway, and may
  // be smoothed across blocks.)
  [[nodiscard]] bool can_crop() { return jpeg_has_multiple_scans(&info_) == FALSE; }

  // libjpeg's defaults (slow integer DCT, fancy upsampling) are what MXNet decodes with.
  [[nodiscard]] bool start(int denominator) {
    if (setjmp(escape_) != 0) return false;
    info_.scale_num = 1;
    info_.scale_denom = static_cast<unsigned>(denominator);
    jpeg_start_decompress(&info_);
    return true;
  }
  [[nodiscard]] Size scaled_size() const { return {info_.output_width, info_.output_height}; }

  // Leaves out columns, of which whole blocks are decoded: `part` is widened to them.
  [[nodiscard]] bool crop_columns(Rectangle& part) {
    if (setjmp(escape_) != 0) return false;
    const int64_t whole = info_.output_width;
    const int64_t left = std::max<int64_t>(0, part.x - kContextPixels);
    const int64_t right = std::min(whole, part.x + part.width + kContextPixels);
    auto first = static_cast<JDIMENSION>(left), count = static_cast<JDIMENSION>(right - left);
    jpeg_crop_scanline(&info_, &first, &count);
    part.x = first;
    part.width = count;
    return true;
  }

  // The rows of `part`, whose columns are those being decoded; what lies above and below is read,
  // so that damage is found, but not transformed. `ink_rows` is room for kRowsPerCall rows of four
  // components, used for CMYK and YCCK pictures only; `spare_row` for one row that nobody wants.
  [[nodiscard]] bool read_rows(const Rectangle& part, Image& image, uint8_t* ink_rows,
                               uint8_t* spare_row) {
    if (setjmp(escape_) != 0) return false;
    const JDIMENSION top = static_cast<JDIMENSION>(part.y);
    const JDIMENSION bottom = static_cast<JDIMENSION>(part.y + part.height);
    if (top > 0) jpeg_skip_scanlines(&info_, top);
    JSAMPROW rows[kRowsPerCall];
    // Inks are stored inverted by those who write Adobe's marker, and MXNet takes that for granted.
    const bool as_stored = rule_ == PixelRule::kMxnet || info_.saw_Adobe_marker != FALSE;
    while (info_.output_scanline < bottom) {
      const JDIMENSION first = info_.output_scanline - top;
      const JDIMENSION wanted = std::min<JDIMENSION>(kRowsPerCall, bottom - info_.output_scanline);
      for (JDIMENSION i = 0; i < wanted; ++i) {
        rows[i] = ink_rows == nullptr ? image.row(first + i) : ink_rows + 4 * part.width * i;
      }
      const JDIMENSION got = jpeg_read_scanlines(&info_, rows, wanted);
      if (ink_rows == nullptr) continue;
      for (JDIMENSION i = 0; i < got; ++i) {
        if (!as_stored) invert(rows[i], 4 * part.width);
        inks_to_rgb(rows[i], image.row(first + i), part.width);
      }
    }
    read_rest(spare_row);
    // Scans of a progressive file that never came leave no other trace than a missing end.
    incomplete_ = data_ended_ && jpeg_has_multiple_scans(&info_) != FALSE;
    return !incomplete_;
  }

 private:
  // libjpeg does not even look at rows that are skipped up to the last one, so that one is decoded.
  void read_rest(uint8_t* spare_row) {
    if (info_.output_scanline >= info_.output_height) return;
    const JDIMENSION between = info_.output_height - 1 - info_.output_scanline;
    if (between > 0) jpeg_skip_scanlines(&info_, between);
    jpeg_read_scanlines(&info_, &spare_row, 1);
  }

  // OpenCV's icvCvt_CMYK2BGR_8u_C4C3R (modules/imgcodecs/src/utils.cpp): the samples as stored,
  // which Adobe's writers invert (255 = no ink).
  static void inks_to_rgb(const uint8_t* inks, uint8_t* rgb, int64_t width) {
    for (int64_t x = 0; x < width; ++x, inks += 4, rgb += 3) {
      const int k = inks[3];
      for (int c = 0; c < 3; ++c) rgb[c] = static_cast<uint8_t>(k - (((255 - inks[c]) * k) >> 8));
    }
  }

  static void invert(uint8_t* samples, int64_t count) {
    for (int64_t i = 0; i < count; ++i) samples[i] = static_cast<uint8_t>(255 - samples[i]);
  }

  static JpegReader& self(j_common_ptr info) {
    return *static_cast<JpegReader*>(info->client_data);
  }

  [[noreturn]] static void on_error(j_common_ptr info) {
    JpegReader& reader = self(info);
    (*info->err->format_message)(info, reader.message_.data());
    std::longjmp(reader.escape_, 1);
  }

  // Level -1 is a warning; libjpeg would put grey where the data of a segment are missing.
  static void on_message(j_common_ptr info, int level) {
    if (level != -1 || info->err->msg_code != JWRN_HIT_MARKER) return;
    self(info).incomplete_ = true;
    on_error(info);
  }

  static void on_progress(j_common_ptr info) {
    JpegReader& reader = self(info);
    if (reader.info_.input_scan_number <= reader.max_scans_) return;
    std::snprintf(reader.message_.data(), reader.message_.size(), "more than %d scans",
                  reader.max_scans_);
    std::longjmp(reader.escape_, 1);
  }

  // An end marker in place of what is missing: whether any pixel is, the entropy decoder will say.
  static boolean on_end_of_data(j_decompress_ptr info) {
    static constexpr std::array<JOCTET, 2> kEnd = {0xFF, JPEG_EOI};
    self(reinterpret_cast<j_common_ptr>(info)).data_ended_ = true;
    info->src->next_input_byte = kEnd.data();
    info->src->bytes_in_buffer = kEnd.size();
    return TRUE;
  }

  static void on_skip(j_decompress_ptr info, long count) {
    if (count <= 0) return;
    const size_t step = std::min(static_cast<size_t>(count), info->src->bytes_in_buffer);
    info->src->next_input_byte += step;
    info->src->bytes_in_buffer -= step;
  }

  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  jpeg_source_mgr source_{};
  std::jmp_buf escape_{};
  std::array<char, JMSG_LENGTH_MAX> message_{};
  int max_scans_;
  PixelRule rule_;
  bool data_ended_ = false;
  bool incomplete_ = false;
};

[[noreturn]] void fail(const JpegReader& reader, size_t file_bytes) {
  if (reader.out_of_memory()) throw resource_error("out of memory while decoding a JPEG");
  constexpr auto kHint = "copy or download it again, or leave it out of the list";
  if (reader.data_ended()) {
    throw input_error("truncated JPEG: the data end after {} bytes, before the last pixel",
                      file_bytes)
        .with_hint(kHint);
  }
  throw input_error("damaged JPEG: {}", reader.message()).with_hint(kHint);
}

}  // namespace

DecodedPart decode_jpeg(std::span<const std::byte> bytes, const DecodeLimits& limits,
                        PixelRule rule, const std::function<WantedPart(Size whole)>& choose,
                        Image& image) {
  JpegReader reader(bytes, limits.max_scans, rule);
  if (!reader.read_header()) fail(reader, bytes.size());
  check_pixel_limit(reader.width(), reader.height(), limits);
  DecodedPart decoded{.info = {.format = ImageFormat::kJpeg,
                               .width = reader.width(),
                               .height = reader.height(),
                               .channels = reader.components()}};
  if (rule == PixelRule::kModern) {
    decoded.info.orientation = exif_orientation(exif_of_jpeg(bytes));
  }
  const bool transposed = decoded.info.orientation >= 5;
  const Size stored{reader.width(), reader.height()};
  const WantedPart wanted = choose(transposed ? Size{stored.height, stored.width} : stored);
  if (!reader.start(wanted.denominator)) fail(reader, bytes.size());
  const Size whole = reader.scaled_size();
  Rectangle part{0, 0, whole.width, whole.height};
  if (decoded.info.orientation == 1 && reader.can_crop()) {
    part = wanted.part;
    if (part.width < whole.width && !reader.crop_columns(part)) fail(reader, bytes.size());
  }
  image.resize(part.width, part.height);
  std::vector<uint8_t> ink_rows, spare_row;
  if (reader.four_components()) ink_rows.resize(static_cast<size_t>(4 * part.width * kRowsPerCall));
  if (part.y + part.height < whole.height) spare_row.resize(static_cast<size_t>(4 * part.width));
  if (!reader.read_rows(part, image, ink_rows.empty() ? nullptr : ink_rows.data(),
                        spare_row.data())) {
    fail(reader, bytes.size());
  }
  decoded.x = part.x;
  decoded.y = part.y;
  apply_orientation(decoded.info.orientation, image);
  decoded.whole = transposed ? Size{whole.height, whole.width} : whole;
  return decoded;
}

}  // namespace orthrus
