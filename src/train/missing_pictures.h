// Pictures that a list names and the folder does not have, found before they are needed: at once
// for lists of ordinary length, beside the first epoch for very long ones.
#pragma once

#include <future>
#include <stop_token>
#include <string>
#include <vector>

#include "data/loader.h"

namespace orthrus {

class MissingPictures {
 public:
  // Lists up to this length are looked through before the training starts.
  static constexpr size_t kMostEntriesAtOnce = 100'000;

  // Looks all through, in one thread of its own when they are more than `most_at_once`.
  MissingPictures(SharedPictures pictures, OnBadImage on_bad_image,
                  size_t most_at_once = kMostEntriesAtOnce);
  ~MissingPictures();  // ends the search, waiting only for the file in hand
  MissingPictures(MissingPictures&&) = default;
  MissingPictures(const MissingPictures&) = delete;
  MissingPictures& operator=(const MissingPictures&) = delete;

  // What is to be said, once; empty while the search is on, when nothing is missing, and ever
  // after. Throws kInput with the first ten paths and the count, unless bad pictures are skipped.
  [[nodiscard]] std::string poll();

 private:
  struct Found {
    std::vector<std::string> first;
    size_t count = 0;
  };
  SharedPictures pictures_;
  OnBadImage on_bad_image_;
  std::stop_source stop_;
  std::future<Found> found_;
};

}  // namespace orthrus
