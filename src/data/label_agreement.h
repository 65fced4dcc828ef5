// LabelAgreement: a list's labels against those that the records hold themselves. People relabel
// packed images through a list, rename classes or join them; a list of another dataset whose
// indexes happen to be there looks different: its labels have nothing to do with the records'.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace orthrus {

class LabelAgreement {
 public:
  explicit LabelAgreement(size_t columns) : columns_(columns) {}

  // Labels that are missing on either side are not compared.
  void add(size_t position, std::span<const float> listed, std::span<const float> packed);

  struct Difference {
    size_t position = 0;
    float listed = 0, packed = 0;
  };
  // The first of a column.
  [[nodiscard]] const std::optional<Difference>& first(size_t column) const {
    return columns_[column].first;
  }
  [[nodiscard]] size_t differing(size_t column) const { return columns_[column].differing; }
  [[nodiscard]] size_t compared(size_t column) const { return columns_[column].compared; }
  // Different labels of the records, as far as they are counted.
  [[nodiscard]] size_t distinct(size_t column) const { return columns_[column].packed.size(); }
  [[nodiscard]] size_t columns() const { return columns_.size(); }

  // Each label of one side goes with a single one of the other: classes were renumbered, joined or
  // divided. Only where labels repeat so often that this is no chance.
  [[nodiscard]] bool renamed(size_t column) const;
  // They differ nearly as often as if one side were shuffled (kUnrelated). Never where all labels
  // of a side are equal, such as a placeholder.
  [[nodiscard]] bool unrelated(size_t column) const;

 private:
  static constexpr double kUnrelated = 0.7;
  static constexpr size_t kMostPairs = 10000;  // more are no classes

  struct Column {
    size_t compared = 0, differing = 0;
    std::optional<Difference> first;
    std::map<std::pair<float, float>, size_t> pairs;  // no longer counted at kMostPairs
    std::map<float, size_t> listed, packed;
  };
  std::vector<Column> columns_;
};

}  // namespace orthrus
