// How often each label stands in a list's columns, for reports.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "data/list.h"

namespace orthrus {

struct ColumnCounts {
  static constexpr size_t kMostDifferent = 10'000;

  std::string name;                  // of the column, empty where it has none
  std::vector<std::string> classes;  // names of label 0, 1, ...; may be empty
  size_t given = 0;
  size_t missing = 0;
  float least = 0;  // of those given
  float most = 0;
  bool whole = true;  // every label is a whole number of 0 or more: classes
  // Label -> how often; empty when there are more than kMostDifferent.
  std::map<float, size_t> counts;

  // The commonest class's count over the rarest's; 0 for labels that are no classes.
  [[nodiscard]] double imbalance() const;
  [[nodiscard]] std::string class_name(float label) const;
};

[[nodiscard]] std::vector<ColumnCounts> count_columns(const ImageList& list);

// Whether a label that is given is none of the classes 0 to classes - 1.
[[nodiscard]] bool out_of_range(float label, int64_t classes);

}  // namespace orthrus
