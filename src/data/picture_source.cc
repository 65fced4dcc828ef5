#include "data/picture_source.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/file.h"

namespace orthrus {

namespace {

constexpr uintmax_t kMaxFileBytes = uintmax_t{1} << 30;
// Buffers above this are given back, so that one huge picture does not keep its memory for the
// whole run.
constexpr size_t kKeptBytes = size_t{64} << 20;

// Pipes and devices would block or never end.
void check_file(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return;  // reading says why
  if (!std::filesystem::is_regular_file(status)) {
    throw input_error("cannot read '{}': it is not a regular file", path.string());
  }
  const uintmax_t bytes = std::filesystem::file_size(path, error);
  if (!error && bytes > kMaxFileBytes) {
    throw input_error("'{}' has {} bytes, more than the {} a picture may have", path.string(),
                      bytes, kMaxFileBytes);
  }
}

}  // namespace

std::filesystem::path image_path(const std::filesystem::path& image_root, const std::string& path) {
  return image_root / path;
}

PictureSource::PictureSource(ImageList list, std::filesystem::path image_root,
                             const Preprocessing& preprocessing, const DecodeLimits& limits,
                             OnBadImage on_bad_image, uint64_t seed)
    : list_(std::move(list)),
      image_root_(std::move(image_root)),
      augmenter_(preprocessing),
      limits_(limits),
      on_bad_image_(on_bad_image),
      seed_(seed) {
  for (const ListEntry& entry : list_.entries) {
    if (entry.labels.size() != static_cast<size_t>(list_.label_columns)) {
      throw internal_error("{}:{}: {} labels in a list of {} columns", list_.origin.string(),
                           entry.line, entry.labels.size(), list_.label_columns);
    }
  }
}

FileContents PictureSource::read(size_t position) const {
  FileContents contents;
  try {
    const std::filesystem::path path = image_path(image_root_, list_.entries[position].path);
    check_file(path);
    contents.bytes = read_file(path);
  } catch (const Error& error) {
    contents.error = error;
  }
  return contents;
}

void PictureSource::make_one(size_t position, uint64_t epoch, const FileContents& contents,
                             PictureBuffers& buffers, std::span<float> pixels) const {
  if (contents.error) throw *contents.error;
  try {
    decode_image(contents.bytes, limits_, buffers.decoded);
    RandomStream random(seed_, StreamPurpose::kAugment, epoch, position);
    augmenter_.apply(buffers.decoded.view(), random, buffers.augment, pixels);
  } catch (const Error& error) {
    const std::filesystem::path path = image_path(image_root_, list_.entries[position].path);
    throw error.within(fmt::format("cannot use '{}'", path.string()));
  }
  buffers.decoded.shrink(kKeptBytes);
}

size_t PictureSource::make(std::span<const uint32_t> order, size_t turn, uint64_t epoch,
                           const FileContents* contents, PictureBuffers& buffers,
                           std::span<float> pixels, std::span<float> labels) {
  for (size_t step = 0; step < order.size(); ++step) {
    const size_t position = order[(turn + step) % order.size()];
    if (known_bad(position)) continue;
    try {
      const bool read_already = step == 0 && contents != nullptr;
      make_one(position, epoch, read_already ? *contents : read(position), buffers, pixels);
      std::ranges::copy(list_.entries[position].labels, labels.begin());
      return position;
    } catch (const Error& error) {
      // Memory that is short or a defect is not the picture's fault.
      const bool skip = on_bad_image_ == OnBadImage::kSkip && error.kind() == ErrorKind::kInput;
      if (!skip) {
        const std::string place = place_in_list(position);
        throw place.empty() ? error : error.within(place);
      }
      remember_bad(position, error);
    }
  }
  throw input_error("none of the {} pictures can be used; the first: {}", order.size(),
                    skipped().front());
}

bool PictureSource::known_bad(size_t position) const {
  const std::scoped_lock lock(mutex_);
  return bad_.contains(position);
}

void PictureSource::remember_bad(size_t position, const Error& error) {
  const std::scoped_lock lock(mutex_);
  bad_.emplace(position, error.message());
}

std::string PictureSource::place_in_list(size_t position) const {
  const int line = list_.entries[position].line;
  return line > 0 ? fmt::format("{}:{}", list_.origin.string(), line) : std::string();
}

std::vector<std::string> PictureSource::skipped() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> lines;
  for (const auto& [position, reason] : bad_) {
    const std::string place = place_in_list(position);
    lines.push_back(place.empty() ? reason : place + ": " + reason);
  }
  return lines;
}

}  // namespace orthrus
