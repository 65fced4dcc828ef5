#include "train/missing_pictures.h"

#include <chrono>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace orthrus {

namespace {

constexpr size_t kMostListed = 10;

}  // namespace

MissingPictures::MissingPictures(SharedPictures pictures, OnBadImage on_bad_image,
                                 size_t most_at_once)
    : pictures_(std::move(pictures)), on_bad_image_(on_bad_image) {
  if (pictures_->list().entries.size() > most_at_once) {
    // One thread: it waits for the disk or the network, and the cores are for the training.
    try {
      found_ = std::async(std::launch::async, [pictures = pictures_, stop = stop_.get_token()] {
        Found found;
        found.first = find_missing_images(*pictures, kMostListed, found.count, stop);
        return found;
      });
      return;
    } catch (const std::system_error&) {  // no thread is to be had
    }
  }
  Found found;
  found.first = find_missing_images(*pictures_, kMostListed, found.count);
  std::promise<Found> promise;
  promise.set_value(std::move(found));
  found_ = promise.get_future();
}

MissingPictures::~MissingPictures() {
  stop_.request_stop();  // for which the future waits
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
