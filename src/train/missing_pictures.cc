#include "train/missing_pictures.h"

#include <chrono>
#include <utility>

#include "base/error.h"

namespace orthrus {

MissingPictures::MissingPictures(SharedPictures pictures, OnBadImage on_bad_image,
                                 size_t most_at_once)
    : pictures_(std::move(pictures)), on_bad_image_(on_bad_image) {
  constexpr size_t kMostListed = 10;
  const auto search = [pictures = pictures_] {
    Found found;
    found.first = find_missing_images(*pictures, kMostListed, found.count);
    return found;
  };
  const bool at_once = pictures_->list().entries.size() <= most_at_once;
  found_ = std::async(at_once ? std::launch::deferred : std::launch::async, search);
  if (at_once) found_.wait();
}

std::string MissingPictures::poll() {
  if (!found_.valid()) return {};
  if (found_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return {};
  const Found found = found_.get();
  if (found.count == 0) return {};
  std::string message =
      fmt::format("{}: {} of {} pictures are missing in '{}': {}",
                  pictures_->list().origin.string(), found.count, pictures_->list().entries.size(),
                  pictures_->home().string(), fmt::join(found.first, ", "));
  if (found.count > found.first.size()) message += ", ...";
  if (on_bad_image_ == OnBadImage::kSkip) return message;
  throw input_error("{}", message)
      .with_hint(
          "check the folder (--image-train, --image-val), or leave such pictures out with "
          "--on-bad-image=skip");
}

}  // namespace orthrus
