#include "data/label_agreement.h"

#include <algorithm>
#include <cmath>

namespace orthrus {

void LabelAgreement::add(size_t position, std::span<const float> listed,
                         std::span<const float> packed) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    const float a = listed[i], b = packed[i];
    if (std::isnan(a) || std::isnan(b)) continue;
    Column& column = columns_[i];
    ++column.compared;
    if (a != b && ++column.differing == 1) column.first = {position, a, b};
    if (column.pairs.size() == kMostPairs) continue;
    ++column.pairs[{a, b}];
    ++column.listed[a];
    ++column.packed[b];
  }
}

bool LabelAgreement::renamed(size_t column) const {
  const Column& labels = columns_[column];
  if (labels.pairs.size() == kMostPairs || labels.pairs.size() * 2 > labels.compared) return false;
  return labels.pairs.size() == std::max(labels.listed.size(), labels.packed.size());
}

bool LabelAgreement::unrelated(size_t column) const {
  const Column& labels = columns_[column];
  if (labels.listed.size() < 2 || labels.packed.size() < 2 || renamed(column)) return false;
  const auto compared = static_cast<double>(labels.compared);
  double by_chance = compared;
  if (labels.pairs.size() < kMostPairs) {
    for (const auto& [label, count] : labels.listed) {
      const auto other = labels.packed.find(label);
      if (other == labels.packed.end()) continue;
      by_chance -= static_cast<double>(count) * static_cast<double>(other->second) / compared;
    }
  }
  return static_cast<double>(labels.differing) > kUnrelated * by_chance;
}

}  // namespace orthrus
