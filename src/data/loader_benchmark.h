// The speed of loading alone: what each stage between a file and the network's input costs on one
// thread, and how many pictures a second the loader gives with all of them, as it works beside a
// training.
#pragma once

#include <cstdint>

#include "data/loader.h"

namespace orthrus {

struct LoaderBenchmark {
  int64_t pictures = 0;  // that each stage, and then the loader, was given
  uint64_t file_bytes = 0;
  // Of one thread, summed over the pictures.
  double read_seconds = 0;
  double decode_seconds = 0;
  double crop_seconds = 0;       // resizing and cropping, and what else is done to the pixels
  double normalise_seconds = 0;  // bytes to floats, and what is done to these
  double loader_pictures_per_second = 0;

  [[nodiscard]] double stage_seconds() const {
    return read_seconds + decode_seconds + crop_seconds + normalise_seconds;
  }
};

// One epoch of each; the first pass leaves the files in the system's cache. Throws kInput for a
// picture that cannot be used.
[[nodiscard]] LoaderBenchmark measure_loader(const SharedPictures& pictures,
                                             const Preprocessing& preprocessing,
                                             const LoaderOptions& options);

}  // namespace orthrus
