#include "data/column_choice.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "base/suggest.h"
#include "data/text_lines.h"

namespace orthrus {
namespace {

constexpr auto kLabelNames =
    std::to_array<std::string_view>({"label", "class", "category", "target", "y"});

bool has_label_name(const LabelColumn& column) {
  return std::ranges::find(kLabelNames, lower_case(column.name)) != kLabelNames.end();
}

std::string column_list(const std::vector<std::string>& names) {
  constexpr size_t kMostNamed = 20;
  std::vector<std::string> first;
  for (size_t i = 0; i < std::min(names.size(), kMostNamed); ++i) first.push_back(shown(names[i]));
  const std::string more =
      names.size() > kMostNamed ? fmt::format(" and {} more", names.size() - kMostNamed) : "";
  return fmt::format("{}{}", fmt::join(first, ", "), more);
}

size_t place_of(std::span<const LabelColumn> columns, const std::string& name,
                const std::string& origin) {
  const auto found = std::ranges::find(columns, name, &LabelColumn::name);
  if (found != columns.end()) return static_cast<size_t>(found - columns.begin());
  std::vector<std::string> names;
  for (const LabelColumn& column : columns) names.push_back(column.name);
  std::string hint = did_you_mean(name, names);
  if (hint.empty()) hint = fmt::format("its columns are: {}", column_list(names));
  throw input_error("{}: there is no label column '{}'", origin, shown(name))
      .with_hint(std::move(hint));
}

}  // namespace

std::vector<std::string> candidate_names(std::span<const LabelColumn> columns) {
  std::vector<std::string> names;
  for (const LabelColumn& column : columns) {
    if (column.is_candidate) names.push_back(column.name);
  }
  return names;
}

std::vector<size_t> choose_label_columns(std::span<const LabelColumn> columns,
                                         const std::vector<std::string>& asked,
                                         const std::string& origin) {
  std::vector<size_t> places;
  for (const std::string& name : asked) places.push_back(place_of(columns, name, origin));
  if (!places.empty()) return places;
  for (const bool by_name : {false, true}) {
    places.clear();
    for (size_t i = 0; i < columns.size(); ++i) {
      const bool fits = columns[i].is_candidate && (!by_name || has_label_name(columns[i]));
      if (fits) places.push_back(i);
    }
    if (places.size() == 1) return places;
  }
  const std::vector<std::string> names = candidate_names(columns);
  if (names.empty()) {
    throw input_error("{}: no column holds labels", origin)
        .with_hint("a table needs a column with labels beside the one with the paths");
  }
  throw input_error("{}: which column is the label? Its columns: {}", origin, column_list(names))
      .with_hint(
          "choose with --label-column NAME[,NAME], or declare tasks that name their columns "
          "(--tasks FILE)");
}

}  // namespace orthrus
