#include "data/picture_source.h"

#include <algorithm>
#include <utility>

namespace orthrus {

namespace {

// Buffers above this are given back, so that one huge picture does not keep its memory for the
// whole run.
constexpr size_t kKeptBytes = size_t{64} << 20;

}  // namespace

uint64_t BadBudget::of(size_t pictures) const {
  if (share < 0) return count;
  return std::max<uint64_t>(1, static_cast<uint64_t>(share * static_cast<double>(pictures)));
}

PictureSource::PictureSource(SharedPictures pictures, const Preprocessing& preprocessing,
                             const Augmentation& augmentation, const DecodeLimits& limits,
                             OnBadImage on_bad_image, uint64_t seed, const BadBudget& max_bad,
                             const PictureCacheOptions& cache)
    : pictures_(std::move(pictures)),
      augmenter_(preprocessing, augmentation),
      limits_(limits),
      rule_(preprocessing.pixels),
      on_bad_image_(on_bad_image),
      seed_(seed),
      max_bad_(max_bad.of(pictures_->list().entries.size())) {
  if (cache.kind == PictureCacheKind::kOff) return;
  if (augmentation.crop == CropRule::kRandomResized) {
    throw usage_error("--picture-cache keeps resized pictures, but --crop resized takes whole ones")
        .with_hint(
            "leave --picture-cache out; orthrus pack --resize makes small files to read instead");
  }
  if (augmentation.random_interpolation) {
    throw usage_error(
        "--picture-cache keeps resized pictures, but --rand-interpolation resizes them anew")
        .with_hint("leave one of the two out");
  }
  cache_ = std::make_unique<PictureCache>(cache);
}

FileContents PictureSource::read(size_t position) const {
  FileContents contents;
  if (cache_ && cache_->holds(position)) return contents;
  try {
    contents.bytes = pictures_->read(position, limits_.max_file_bytes);
  } catch (const Error& error) {
    contents.error = error;
  }
  return contents;
}

ImageView PictureSource::pixels_of(const Turn& turn, const FileContents& contents,
                                   Placement& placement, RandomStream& random,
                                   PictureBuffers& buffers) const {
  Size decoded_size;
  if (cache_ && cache_->get(turn.position, decoded_size, buffers.cached)) {
    placement = augmenter_.place(decoded_size, random);
    return augmenter_.crop_resized(buffers.cached, placement, random, buffers.augment);
  }
  bool keep = false;
  const auto choose = [&](Size whole) {
    placement = augmenter_.place(whole, random);
    keep = cache_ && cache_->has_room(placement.resized);
    return augmenter_.wanted(keep ? whole_of(placement) : placement);
  };
  // Nothing was read of what the cache held then and holds no more.
  std::vector<std::byte> read_now;
  if (cache_ && contents.bytes.empty()) {
    read_now = pictures_->read(turn.position, limits_.max_file_bytes);
  }
  const std::span<const std::byte> bytes = contents.bytes.empty() ? read_now : contents.bytes;
  const DecodedPart decoded = decode_part(bytes, limits_, choose, buffers.decoded, rule_);
  if (!keep) {
    return augmenter_.crop(decoded.of(buffers.decoded), placement, random, buffers.augment);
  }
  const Image& resized = augmenter_.resize(decoded, buffers.decoded, placement, buffers.augment);
  cache_->put(turn.position, placement.picture, resized);
  return augmenter_.crop_resized(resized, placement, random, buffers.augment);
}

void PictureSource::make_one(const Turn& turn, const FileContents& contents,
                             PictureBuffers& buffers, std::span<float> pixels) const {
  if (contents.error) throw *contents.error;
  try {
    RandomStream random(seed_, StreamPurpose::kAugment, turn.pass, turn.position);
    Placement placement;
    const ImageView crop = pixels_of(turn, contents, placement, random, buffers);
    augmenter_.finish(crop, placement.mirrored, random, pixels);
  } catch (const Error& error) {
    throw error.within(fmt::format("cannot use '{}'", pictures_->name(turn.position)));
  }
  buffers.decoded.shrink(kKeptBytes);
}

size_t PictureSource::make(std::span<const Turn> order, size_t turn, const FileContents* contents,
                           PictureBuffers& buffers, std::span<float> pixels,
                           std::span<float> labels) {
  check_budget();
  for (size_t step = 0; step < order.size(); ++step) {
    const Turn& taken = order[(turn + step) % order.size()];
    const size_t position = taken.position;
    if (known_bad(position)) continue;
    try {
      const bool read_already = step == 0 && contents != nullptr;
      make_one(taken, read_already ? *contents : read(position), buffers, pixels);
      std::ranges::copy(pictures_->list().entries[position].labels, labels.begin());
      return position;
    } catch (const Error& error) {
      // Memory that is short or a defect is not the picture's fault.
      const bool skip = on_bad_image_ == OnBadImage::kSkip && error.kind() == ErrorKind::kInput;
      if (!skip) {
        const std::string place = pictures_->place_in_list(position);
        throw place.empty() ? error : error.within(place);
      }
      remember_bad(position, error);
      check_budget();
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

void PictureSource::check_budget() const {
  const std::scoped_lock lock(mutex_);
  if (bad_.size() <= max_bad_) return;
  throw input_error(
      "{} of {} pictures are bad, more than the {} that may be skipped; for example: {}",
      bad_.size(), pictures_->list().entries.size(), max_bad_, bad_.begin()->second)
      .with_hint(
          "orthrus check finds them all, --exclude leaves them out, --max-bad allows for more");
}

std::vector<std::string> PictureSource::skipped() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> lines;
  for (const auto& [position, reason] : bad_) {
    const std::string place = pictures_->place_in_list(position);
    lines.push_back(place.empty() ? reason : place + ": " + reason);
  }
  return lines;
}

}  // namespace orthrus
