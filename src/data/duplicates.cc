#include "data/duplicates.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>
#include <utility>

namespace orthrus {

namespace {

struct PairHash {
  size_t operator()(const std::pair<uint64_t, uint64_t>& key) const {
    return static_cast<size_t>(key.first ^ key.second * 0x9E3779B97F4A7C15U);
  }
};

bool same_shape(const ImageInfo& a, const ImageInfo& b) {
  const auto aspect = [](const ImageInfo& info) {
    const double ratio = static_cast<double>(info.width) / static_cast<double>(info.height);
    return info.orientation >= 5 ? 1 / ratio : ratio;
  };
  constexpr double kTolerance = 0.03;
  return std::abs(std::log(aspect(a) / aspect(b))) <= kTolerance;
}

// First members of groups, found by their looks: of two looks that differ in kMostBits bits at
// most, at least one of kMostBits + 1 parts is equal, so only those are compared.
class LookIndex {
 public:
  explicit LookIndex(std::span<const PictureFacts> facts)
      : facts_(facts), places_(kParts << kPartBits) {}

  // The first one that looks like `position`, or `position` itself, which is then added.
  size_t find_or_add(size_t position) {
    size_t found = position;
    for (size_t part = 0; part < kParts; ++part) {
      const std::vector<size_t>& place = place_of(position, part);
      for (size_t i = 0; i < std::min(place.size(), kMostCompared); ++i) {
        if (place[i] < found && alike(place[i], position)) found = place[i];
      }
    }
    if (found == position) {
      for (size_t part = 0; part < kParts; ++part) place_of(position, part).push_back(position);
    }
    return found;
  }

 private:
  static constexpr size_t kParts = kMostBits + 1;
  static constexpr size_t kPartBits = 13;  // 5 parts of 13 bits, the last of 12
  // A bound for data in which everything looks alike.
  static constexpr size_t kMostCompared = 5000;

  std::vector<size_t>& place_of(size_t position, size_t part) {
    const uint64_t value = facts_[position].look.bits >> (part * kPartBits);
    return places_[part << kPartBits | (value & ((uint64_t{1} << kPartBits) - 1))];
  }

  [[nodiscard]] bool alike(size_t a, size_t b) const {
    return look_alike(facts_[a].look, facts_[b].look) && same_shape(facts_[a].info, facts_[b].info);
  }

  std::span<const PictureFacts> facts_;
  std::vector<std::vector<size_t>> places_;
};

std::vector<DuplicateGroup> groups_of(std::map<size_t, DuplicateGroup> by_first) {
  std::vector<DuplicateGroup> groups;
  for (auto& [first, members] : by_first) groups.push_back(std::move(members));
  return groups;
}

void join(std::map<size_t, DuplicateGroup>& groups, size_t first, size_t member) {
  DuplicateGroup& group = groups[first];
  if (group.empty()) group.push_back(first);
  group.push_back(member);
}

}  // namespace

Duplicates find_duplicates(std::span<const PictureFacts> facts) {
  std::unordered_map<std::pair<uint64_t, uint64_t>, size_t, PairHash> first_with;
  std::map<size_t, DuplicateGroup> exact, near;
  LookIndex index(facts);
  for (size_t position = 0; position < facts.size(); ++position) {
    const PictureFacts& picture = facts[position];
    if (!picture.usable) continue;
    const auto [found, is_new] =
        first_with.try_emplace({picture.file_hash, picture.file_bytes}, position);
    if (!is_new) {
      join(exact, found->second, position);
      continue;
    }
    if (picture.look.flat) continue;
    const size_t first = index.find_or_add(position);
    if (first != position) join(near, first, position);
  }
  return {groups_of(std::move(exact)), groups_of(std::move(near))};
}

}  // namespace orthrus
