#include "data/loader_benchmark.h"

#include <chrono>

#include "base/error.h"

namespace orthrus {

namespace {

using Clock = std::chrono::steady_clock;

double lap(Clock::time_point& since) {
  const Clock::time_point now = Clock::now();
  const double seconds = std::chrono::duration<double>(now - since).count();
  since = now;
  return seconds;
}

void measure_stages(const Pictures& pictures, const Preprocessing& preprocessing,
                    const LoaderOptions& options, LoaderBenchmark& result) {
  const Augmenter augmenter(preprocessing, options.augmentation);
  const auto count = pictures.list().entries.size();
  std::vector<float> pixels(
      static_cast<size_t>(preprocessing.channels * preprocessing.height * preprocessing.width));
  PictureBuffers buffers;
  for (size_t position = 0; position < count; ++position) {
    RandomStream random(options.seed, StreamPurpose::kAugment, 0, position);
    Placement placement;
    const auto choose = [&](Size whole) {
      placement = augmenter.place(whole, random);
      return augmenter.wanted(placement);
    };
    Clock::time_point since = Clock::now();
    const std::vector<std::byte> bytes = pictures.read(position, options.limits.max_file_bytes);
    result.read_seconds += lap(since);
    try {
      const DecodedPart decoded =
          decode_part(bytes, options.limits, choose, buffers.decoded, preprocessing.pixels);
      result.decode_seconds += lap(since);
      const ImageView crop =
          augmenter.crop(decoded.of(buffers.decoded), placement, random, buffers.augment);
      result.crop_seconds += lap(since);
      augmenter.finish(crop, placement.mirrored, random, pixels);
      result.normalise_seconds += lap(since);
    } catch (const Error& error) {
      throw error.within(fmt::format("cannot use '{}'", pictures.name(position)));
    }
    result.file_bytes += bytes.size();
    ++result.pictures;
  }
}

}  // namespace

LoaderBenchmark measure_loader(const SharedPictures& pictures, const Preprocessing& preprocessing,
                               const LoaderOptions& options) {
  LoaderBenchmark result;
  measure_stages(*pictures, preprocessing, options, result);
  Loader loader(pictures, preprocessing, options);
  Batch batch;
  int64_t loaded = 0;
  Clock::time_point since = Clock::now();
  while (loader.next(batch)) loaded += batch.count;
  result.loader_pictures_per_second = static_cast<double>(loaded) / lap(since);
  return result;
}

}  // namespace orthrus
