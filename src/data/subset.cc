#include "data/subset.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "data/sampler.h"

namespace orthrus {
namespace {

class SubsetPictures : public Pictures {
 public:
  // `positions` in the whole of the entries of `list`.
  SubsetPictures(SharedPictures whole, ImageList list, std::vector<uint32_t> positions)
      : Pictures(std::move(list)), whole_(std::move(whole)), positions_(std::move(positions)) {}

  [[nodiscard]] std::vector<std::byte> read(size_t position, uint64_t most_bytes) const override {
    return whole_->read(positions_[position], most_bytes);
  }
  [[nodiscard]] bool missing(size_t position) const override {
    return whole_->missing(positions_[position]);
  }
  [[nodiscard]] std::string name(size_t position) const override {
    return whole_->name(positions_[position]);
  }
  [[nodiscard]] std::filesystem::path home() const override { return whole_->home(); }

 private:
  SharedPictures whole_;
  std::vector<uint32_t> positions_;
};

}  // namespace

SharedPictures take_fraction(SharedPictures pictures, double fraction, uint64_t seed) {
  const size_t all = pictures->list().entries.size();
  const auto count =
      static_cast<size_t>(std::max(std::llround(fraction * static_cast<double>(all)), 1LL));
  if (count >= all) return pictures;
  // An order that no epoch has.
  std::vector<uint32_t> positions =
      epoch_order(static_cast<uint32_t>(all), true, seed, std::numeric_limits<uint64_t>::max());
  positions.resize(count);
  std::ranges::sort(positions);
  std::vector<bool> keep(all, false);
  for (const uint32_t position : positions) keep[position] = true;
  ImageList list = pictures->list();
  list.entries.filter(keep);
  return std::make_shared<SubsetPictures>(std::move(pictures), std::move(list),
                                          std::move(positions));
}

}  // namespace orthrus
