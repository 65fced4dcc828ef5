// FeatureFile: what the heads stand on, of every picture of a list, as one float32 array of shape
// (pictures, features). It is written row by row, so that a list may be larger than memory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "base/file.h"

namespace orthrus {

class FeatureFile {
 public:
  // By its ending: .npy (numpy's format, version 1.0), or .safetensors (a tensor `features`).
  // Throws kUsage for another one, kResource when it cannot be written.
  FeatureFile(const std::filesystem::path& path, size_t pictures, size_t features);

  // The next row, of the picture at that place of the list; places that are passed over have no
  // number (NaN) in their rows. Throws kResource.
  void add(size_t position, std::span<const float> row);
  // All-or-nothing: without it no file is left.
  void finish();

 private:
  void fill_to(size_t position);

  AtomicFile file_;
  size_t pictures_;
  size_t features_;
  size_t next_ = 0;
};

// Throws kUsage, as the constructor does, for a path with another ending.
void check_feature_path(const std::filesystem::path& path);

}  // namespace orthrus
