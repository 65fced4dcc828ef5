#include "cli/idx_file.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "base/file.h"

namespace orthrus {

namespace {

// No byte of deflate stands for more than this many: a header that promises more lies.
constexpr int64_t kMostExpansion = 1032;

class GzipReader {
 public:
  explicit GzipReader(const std::filesystem::path& path)
      : path_(path), file_(gzopen(path.c_str(), "rb"), gzclose) {
    (void)read_prefix(path, 1);  // says why a file cannot be read
    if (!file_) throw resource_error("cannot read '{}': out of memory", path.string());
  }

  // The number of bytes read: fewer than asked for at the end of the file.
  size_t read(std::span<uint8_t> into) {
    size_t used = 0;
    while (used < into.size()) {
      const auto chunk = static_cast<unsigned>(std::min<size_t>(into.size() - used, 1U << 30));
      const int count = gzread(file_.get(), into.data() + used, chunk);
      if (count < 0) fail();
      if (count == 0) break;
      used += static_cast<size_t>(count);
    }
    return used;
  }

  // A truncated gzip file shows only here.
  void expect_end() {
    uint8_t surplus = 0;
    if (read({&surplus, 1}) != 0) throw input_error("'{}' is longer than its header says", path());
    int code = Z_OK;
    (void)gzerror(file_.get(), &code);
    if (code != Z_OK) fail();
  }

  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  [[noreturn]] void fail() const {
    int code = Z_OK;
    throw input_error("'{}' is damaged: {}", path(), gzerror(file_.get(), &code));
  }

  const std::filesystem::path& path_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
};

uint32_t big_endian(std::span<const uint8_t, 4> b) {
  return uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 | b[3];
}

uint32_t read_word(GzipReader& reader) {
  std::array<uint8_t, 4> word{};
  if (reader.read(word) != word.size()) {
    throw input_error("'{}' is truncated in its header", reader.path());
  }
  return big_endian(word);
}

}  // namespace

IdxFile read_idx_gz(const std::filesystem::path& path, int dimensions) {
  GzipReader reader(path);
  const uint32_t expected = 0x800U + static_cast<uint32_t>(dimensions);  // 8: unsigned bytes
  if (const uint32_t magic = read_word(reader); magic != expected) {
    throw input_error("'{}' begins with {:#010x}, expected {:#010x}: not an idx file of {}",
                      path.string(), magic, expected, dimensions == 1 ? "labels" : "images");
  }
  IdxFile idx;
  const auto most = static_cast<int64_t>(std::filesystem::file_size(path)) * kMostExpansion;
  int64_t size = 1;
  for (int i = 0; i < dimensions; ++i) {
    idx.shape.push_back(read_word(reader));
    if (__builtin_mul_overflow(size, idx.shape.back(), &size) || size > most) {
      throw input_error("'{}' states a size that the file cannot hold", path.string());
    }
  }
  idx.bytes.resize(static_cast<size_t>(size));
  if (reader.read(idx.bytes) != idx.bytes.size()) {
    throw input_error("'{}' is truncated: its header promises {} bytes", path.string(), size);
  }
  reader.expect_end();
  return idx;
}

}  // namespace orthrus
