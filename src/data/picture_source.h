// PictureSource: a place in an epoch's order -> file -> pixels -> the network's input, and what
// happens when a picture cannot be used. Used by several threads at once; it does no threading
// itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/augment.h"
#include "data/decode.h"
#include "data/list.h"

namespace orthrus {

enum class OnBadImage { kFail, kSkip };

// A file's contents, or why they could not be read: a file may be read long before it is wanted.
struct FileContents {
  std::vector<std::byte> bytes;
  std::optional<Error> error;
};

// Buffers of one thread.
struct PictureBuffers {
  Image decoded;
  AugmentBuffers augment;
};

class PictureSource {
 public:
  // A list without label columns is fine, and so are entries without a line (made by a program).
  // Throws kInternal for an entry whose number of labels is not the list's.
  PictureSource(ImageList list, std::filesystem::path image_root,
                const Preprocessing& preprocessing, const DecodeLimits& limits,
                OnBadImage on_bad_image, uint64_t seed);

  [[nodiscard]] const ImageList& list() const { return list_; }

  // Never throws for a bad file.
  [[nodiscard]] FileContents read(size_t position) const;

  // Makes the picture order[turn] of an epoch: pixels (C,H,W), augmented by
  // RandomStream(seed, kAugment, epoch, position in the list), and labels. Answers the position
  // used. With kSkip, a picture that cannot be used is replaced by the next one of the order
  // (cyclic) that can, as it would look at its own turn. `contents` is that of order[turn] where it
  // was read already. Throws kInput for a bad picture (kFail), or when all are bad.
  size_t make(std::span<const uint32_t> order, size_t turn, uint64_t epoch,
              const FileContents* contents, PictureBuffers& buffers, std::span<float> pixels,
              std::span<float> labels);

  // Pictures found bad so far, "list:line: reason", in the list's order.
  [[nodiscard]] std::vector<std::string> skipped() const;

 private:
  void make_one(size_t position, uint64_t epoch, const FileContents& contents,
                PictureBuffers& buffers, std::span<float> pixels) const;
  [[nodiscard]] bool known_bad(size_t position) const;
  void remember_bad(size_t position, const Error& error);
  // "list:line", or empty for an entry without a line.
  [[nodiscard]] std::string place_in_list(size_t position) const;

  ImageList list_;
  std::filesystem::path image_root_;
  Augmenter augmenter_;
  DecodeLimits limits_;
  OnBadImage on_bad_image_;
  uint64_t seed_;
  mutable std::mutex mutex_;           // guards bad_
  std::map<size_t, std::string> bad_;  // position -> reason
};

// Where a list's path lies, as os.path.join(root, path): an absolute path wins.
[[nodiscard]] std::filesystem::path image_path(const std::filesystem::path& image_root,
                                               const std::string& path);

}  // namespace orthrus
