#include "data/column_counts.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace orthrus {

double ColumnCounts::imbalance() const {
  if (!whole || counts.empty()) return 0;
  size_t rarest = counts.begin()->second, commonest = 0;
  for (const auto& [label, count] : counts) {
    rarest = std::min(rarest, count);
    commonest = std::max(commonest, count);
  }
  return static_cast<double>(commonest) / static_cast<double>(rarest);
}

std::string ColumnCounts::class_name(float label) const {
  const bool named = label >= 0 && label < static_cast<float>(classes.size());
  return named ? classes[static_cast<size_t>(label)] : fmt::format("{}", label);
}

std::vector<ColumnCounts> count_columns(const ImageList& list) {
  std::vector<ColumnCounts> columns(list.entries.label_columns());
  std::vector<bool> too_many(columns.size());
  for (size_t i = 0; i < std::min(columns.size(), list.columns.size()); ++i) {
    columns[i].name = list.columns[i].name;
    columns[i].classes = list.columns[i].classes;
  }
  for (const ListEntry entry : list.entries) {
    for (size_t i = 0; i < columns.size(); ++i) {
      ColumnCounts& column = columns[i];
      const float label = entry.labels[i];
      if (std::isnan(label)) {
        ++column.missing;
        continue;
      }
      column.least = column.given == 0 ? label : std::min(column.least, label);
      column.most = column.given == 0 ? label : std::max(column.most, label);
      ++column.given;
      column.whole = column.whole && label >= 0 && std::trunc(label) == label;
      if (too_many[i]) continue;
      ++column.counts[label];
      if (column.counts.size() <= ColumnCounts::kMostDifferent) continue;
      too_many[i] = true;
      column.counts.clear();
    }
  }
  return columns;
}

bool out_of_range(float label, int64_t classes) {
  if (std::isnan(label)) return false;
  return !(label >= 0 && label < static_cast<float>(classes) && std::trunc(label) == label);
}

}  // namespace orthrus
