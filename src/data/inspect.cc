#include "data/inspect.h"

#include <algorithm>
#include <mutex>

#include "base/error.h"
#include "base/hash.h"
#include "base/threads.h"

namespace orthrus {

namespace {

// Between two looks at the clock; long enough that threads seldom wait for each other.
constexpr size_t kPicturesAtOnce = 256;
constexpr size_t kKeptImageBytes = size_t{64} << 20;

// Throws kInput for a picture that cannot be used; `facts` holds what was found until then.
void inspect_picture(const Pictures& pictures, size_t position, const DecodeLimits& limits,
                     Image& image, PictureFacts& facts) {
  const std::vector<std::byte> bytes = pictures.read(position, limits.max_file_bytes);
  facts.file_bytes = bytes.size();
  facts.file_hash = hash_bytes(bytes);
  facts.info = decode_image(bytes, limits, image, PixelRule::kModern);
  facts.look = look_of(image.view());
  facts.usable = true;
  image.shrink(kKeptImageBytes);
}

}  // namespace

Inspection inspect_pictures(const Pictures& pictures, const DecodeLimits& limits,
                            const std::function<void(int64_t)>& after) {
  Inspection result;
  const size_t count = pictures.list().entries.size();
  result.facts.resize(count);
  std::mutex mutex;  // guards result.problems
  for (size_t first = 0; first < count; first += kPicturesAtOnce) {
    const auto here = static_cast<int64_t>(std::min(kPicturesAtOnce, count - first));
    parallel_for(here, [&](int64_t begin, int64_t end) {
      Image image;
      for (auto i = first + static_cast<size_t>(begin); i < first + static_cast<size_t>(end); ++i) {
        try {
          inspect_picture(pictures, i, limits, image, result.facts[i]);
        } catch (const Error& error) {
          if (error.kind() != ErrorKind::kInput) throw;
          result.facts[i].missing = pictures.missing(i);
          const std::scoped_lock lock(mutex);
          result.problems.emplace(i, error.message());
        }
      }
    });
    after(here);
  }
  return result;
}

}  // namespace orthrus
