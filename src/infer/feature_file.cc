#include "infer/feature_file.h"

#include <bit>
#include <limits>
#include <string>
#include <vector>

#include "base/error.h"

namespace orthrus {
namespace {

static_assert(std::endian::native == std::endian::little, "both formats are little endian");

// numpy/lib/format.py: magic, version, length of the header, a Python literal that is filled up
// with blanks so that the data begin at a multiple of 64 bytes.
std::string npy_header(size_t rows, size_t columns) {
  constexpr size_t kPrefix = 10, kAlignment = 64;
  std::string text =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, columns);
  const size_t whole = (kPrefix + text.size() + 1 + kAlignment - 1) / kAlignment * kAlignment;
  text.append(whole - kPrefix - text.size() - 1, ' ');
  text += '\n';
  std::string header = "\x93NUMPY";
  header +=
      {'\x01', '\0', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  return header + text;
}

// formats/safetensors describes the format; that writer wants its tensors in memory.
std::string safetensors_header(size_t rows, size_t columns) {
  constexpr size_t kAlignment = 8;
  std::string text =
      fmt::format(R"({{"features":{{"dtype":"F32","shape":[{},{}],"data_offsets":[0,{}]}}}})", rows,
                  columns, rows * columns * sizeof(float));
  text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
  std::string header;
  for (size_t byte = 0; byte < 8; ++byte) {
    header += static_cast<char>(text.size() >> (8 * byte) & 0xff);
  }
  return header + text;
}

}  // namespace

void check_feature_path(const std::filesystem::path& path) {
  if (path.extension() == ".npy" || path.extension() == ".safetensors") return;
  throw usage_error("--features: '{}' ends neither in .npy nor in .safetensors", path.string());
}

FeatureFile::FeatureFile(const std::filesystem::path& path, size_t pictures, size_t features)
    : file_((check_feature_path(path), path)), pictures_(pictures), features_(features) {
  file_.write(path.extension() == ".npy" ? npy_header(pictures, features)
                                         : safetensors_header(pictures, features));
}

void FeatureFile::fill_to(size_t position) {
  const std::vector<float> missing(features_, std::numeric_limits<float>::quiet_NaN());
  for (; next_ < position; ++next_) file_.write(std::as_bytes(std::span(missing)));
}

void FeatureFile::add(size_t position, std::span<const float> row) {
  if (row.size() != features_ || position < next_ || position >= pictures_) {
    throw internal_error("row {} of {} values does not fit a file of {} x {}", position, row.size(),
                         pictures_, features_);
  }
  fill_to(position);
  file_.write(std::as_bytes(row));
  ++next_;
}

void FeatureFile::finish() {
  fill_to(pictures_);
  file_.commit();
}

}  // namespace orthrus
