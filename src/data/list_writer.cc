#include "data/list_writer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include "base/error.h"
#include "base/hash.h"
#include "data/text_lines.h"

namespace orthrus {

std::string list_line(int64_t index, std::span<const float> labels, std::string_view path) {
  if (path.find_first_of("\t\n\r") != path.npos || strip(path) != path) {
    throw input_error(
        "the path '{}' holds a TAB or a line end, or begins or ends with a space: no list can hold "
        "it",
        shown(path))
        .with_hint("rename the file");
  }
  std::string line = std::to_string(index);
  for (const float label : labels) line += fmt::format("\t{}", label);
  line += '\t';
  line += path;
  return line + '\n';
}

Split3 split_list(const ImageList& list, const SplitShares& shares, uint64_t seed) {
  Split3 split;
  if (shares.validation <= 0 && shares.test <= 0) {
    split.train.resize(list.entries.size());
    std::iota(split.train.begin(), split.train.end(), size_t{0});
    return split;
  }
  // Lowest first: missing labels, which compare with nothing.
  std::map<float, std::vector<size_t>> classes;
  for (size_t position = 0; position < list.entries.size(); ++position) {
    const std::span<const float> labels = list.entries[position].labels;
    const bool missing = labels.empty() || std::isnan(labels.front());
    classes[missing ? -std::numeric_limits<float>::infinity() : labels.front()].push_back(position);
  }
  for (auto& [label, positions] : classes) {
    std::ranges::sort(positions, {}, [&](size_t position) {
      const std::string_view path = list.entries[position].path;
      return std::tuple(hash_text(path, seed), path, position);
    });
    const auto count = static_cast<double>(positions.size());
    const auto test = static_cast<size_t>(std::lround(count * shares.test));
    const auto validation = std::min(positions.size() - test,
                                     static_cast<size_t>(std::lround(count * shares.validation)));
    for (size_t i = 0; i < positions.size(); ++i) {
      std::vector<size_t>& part = i < test                ? split.test
                                  : i < test + validation ? split.validation
                                                          : split.train;
      part.push_back(positions[i]);
    }
  }
  for (std::vector<size_t>* part : {&split.train, &split.validation, &split.test}) {
    std::ranges::sort(*part);
  }
  return split;
}

std::vector<float> absent_labels(const ImageList& list, std::span<const size_t> part) {
  const auto label_of = [&](size_t position) {
    const std::span<const float> labels = list.entries[position].labels;
    return labels.empty() ? std::numeric_limits<float>::quiet_NaN() : labels.front();
  };
  std::set<float> present;
  for (const size_t position : part) {
    if (const float label = label_of(position); !std::isnan(label)) present.insert(label);
  }
  std::set<float> absent;
  for (size_t position = 0; position < list.entries.size(); ++position) {
    const float label = label_of(position);
    if (!std::isnan(label) && !present.contains(label)) absent.insert(label);
  }
  return {absent.begin(), absent.end()};
}

}  // namespace orthrus
