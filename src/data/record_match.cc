#include "data/record_match.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/index_clash.h"
#include "data/label_agreement.h"
#include "data/packed_list.h"
#include "data/record_pictures.h"
#include "data/record_shift.h"
#include "data/text_lines.h"

namespace orthrus {

namespace {

namespace fs = std::filesystem;

constexpr auto kTogetherHint = "list and .rec file must have been made together";
constexpr auto kRowHint =
    "put PREFIX.lst, which was written with PREFIX.rec, beside it, or take that list in place of "
    "this one";

std::string line_of(const ImageList& list, size_t position) {
  return fmt::format("{}:{}", list.origin.string(), list.entries[position].line);
}

class RecordMatcher {
 public:
  RecordMatcher(ImageList list, const fs::path& records)
      : list_(std::move(list)), in_file_(read_record_list(records)) {
    if (!in_file_.ambiguity.empty()) {
      throw input_error("'{}' cannot be used with '{}': {}", list_.origin.string(),
                        records.string(), in_file_.ambiguity)
          .with_hint("remove the .idx file where the ids are right, else pack the images again");
    }
    for (const std::string& warning : in_file_.list.warnings) list_.warnings.push_back(warning);
    number_records();
  }

  std::shared_ptr<Pictures> match() {
    std::vector<size_t> records;
    records.reserve(list_.entries.size());
    for (size_t i = 0; i < list_.entries.size(); ++i) records.push_back(record_of(i));
    const bool confirmed = check_packed_list(list_, file().path());
    if (list_.label_columns == in_file_.list.label_columns) {
      check_labels(records, confirmed);
    } else if (list_.numbered_by_row && !confirmed) {
      throw unproven(fmt::format("it has {} label columns, the records have {}",
                                 list_.label_columns, in_file_.list.label_columns));
    }
    for (size_t& record : records) record = in_file_.offsets[record];
    return make_record_pictures(std::move(list_), {records.begin(), records.end()},
                                std::move(in_file_.file));
  }

 private:
  [[nodiscard]] const RecordFile& file() const { return *in_file_.file; }

  void number_records() {
    std::span<const int64_t> indexes = in_file_.list.entries.indexes();
    if (!in_file_.ids.empty()) indexes = in_file_.ids;
    by_index_.reserve(indexes.size());
    for (size_t i = 0; i < indexes.size(); ++i) {
      const auto [first, is_new] = by_index_.emplace(indexes[i], i);
      if (!is_new) repeats_[indexes[i]].push_back(i);
    }
  }

  size_t record_of(size_t position) {
    const int64_t index = list_.entries[position].index;
    const auto found = by_index_.find(index);
    if (found == by_index_.end()) {
      throw input_error("{}: '{}' has no record {}", line_of(list_, position),
                        file().path().string(), index)
          .with_hint(kTogetherHint);
    }
    const auto repeats = repeats_.find(index);
    if (repeats == repeats_.end()) return found->second;
    for (const size_t other : repeats->second) {
      if (same_record(found->second, other)) continue;
      throw input_error("{}: '{}' has several records {}, which differ", line_of(list_, position),
                        file().path().string(), index)
          .with_hint("its records are not numbered: pack the images again with orthrus pack");
    }
    repeats_.erase(repeats);
    return found->second;
  }

  [[nodiscard]] bool same_record(size_t a, size_t b) const {
    const uint64_t first = in_file_.offsets[a], second = in_file_.offsets[b];
    return file().payload_bytes(first) == file().payload_bytes(second) &&
           file().read(first) == file().read(second);
  }

  // `confirmed`: the list beside the records has each of the paths with its index.
  void check_labels(const std::vector<size_t>& records, bool confirmed) {
    find_numbers(records);
    LabelAgreement agreement(static_cast<size_t>(list_.label_columns));
    for (size_t i = 0; i < records.size(); ++i) {
      agreement.add(i, listed_labels(i), in_file_.list.entries[records[i]].labels);
    }
    if (!confirmed && list_.numbered_by_row) refuse_unproven_rows(agreement);
    if (!confirmed) refuse_shift(agreement);
    for (size_t column = 0; column < agreement.columns(); ++column) judge(agreement, column);
  }

  // An entry's labels, with numbers in the place of texts.
  std::span<const float> listed_labels(size_t position) {
    const std::span<const float> labels = list_.entries[position].labels;
    listed_.assign(labels.begin(), labels.end());
    for (size_t column = 0; column < numbers_.size(); ++column) {
      const std::vector<float>& numbers = numbers_[column];
      if (numbers.empty() || std::isnan(listed_[column])) continue;
      listed_[column] = numbers[static_cast<size_t>(listed_[column])];
    }
    return listed_;
  }

  // The numbers that the cells of a table's columns are. Texts have those that orthrus pack gives
  // them, in their order.
  void find_numbers(const std::vector<size_t>& records) {
    numbers_.resize(list_.columns.size());
    texts_.assign(list_.columns.size(), false);
    for (size_t column = 0; column < numbers_.size(); ++column) {
      std::vector<float>& numbers = numbers_[column];
      for (const std::string& cell : list_.columns[column].cells) {
        const std::optional<float> number = parse_label(cell);
        if (!number) texts_[column] = true;
        numbers.push_back(number.value_or(0));
      }
      if (texts_[column]) numbers = text_numbers(column, records);
    }
  }

  // Cells whose records have no label are missing, whatever they say.
  [[nodiscard]] std::vector<float> text_numbers(size_t column,
                                                const std::vector<size_t>& records) const {
    const std::vector<std::string>& cells = list_.columns[column].cells;
    std::vector<bool> has_label(cells.size());
    for (size_t i = 0; i < records.size(); ++i) {
      const float cell = list_.entries[i].labels[column];
      if (std::isnan(cell) || std::isnan(packed_label(records[i], column))) continue;
      has_label[static_cast<size_t>(cell)] = true;
    }
    std::map<std::string_view, size_t> in_order;
    for (size_t i = 0; i < cells.size(); ++i) {
      if (has_label[i]) in_order.emplace(cells[i], i);
    }
    std::vector<float> numbers(cells.size(), std::numeric_limits<float>::quiet_NaN());
    float next = 0;
    for (const auto& [text, cell] : in_order) numbers[cell] = next++;
    return numbers;
  }

  [[nodiscard]] float packed_label(size_t record, size_t column) const {
    return in_file_.list.entries[record].labels[column];
  }

  [[nodiscard]] bool holds_texts(size_t column) const {
    return column < texts_.size() && texts_[column];
  }

  // Rows are taken by their place, and a table that was sorted, or that lost rows, looks like any
  // other: only labels that all agree show that these rows were packed.
  void refuse_unproven_rows(const LabelAgreement& agreement) const {
    bool compared = false;
    for (size_t column = 0; column < agreement.columns(); ++column) {
      if (agreement.differing(column) > 0) {
        throw input_error("{}, and the {} has no column 'index': its rows are taken by their place",
                          difference(agreement, column), list_.columns.empty() ? "list" : "table")
            .with_hint(kRowHint);
      }
      compared = compared || agreement.distinct(column) > 1;
    }
    const auto last = std::ranges::max(list_.entries.indexes());
    if (last + 1 != std::ssize(in_file_.offsets)) {
      throw unproven(fmt::format("it ends with row {}, and there are {} records", last + 1,
                                 in_file_.offsets.size()));
    }
    if (!compared) throw unproven("no labels of several classes can be compared");
  }

  [[nodiscard]] Error unproven(const std::string& reason) const {
    return input_error(
               "'{}' has no indexes, and nothing shows that its rows are the records of '{}' in "
               "their order: {}",
               list_.origin.string(), file().path().string(), reason)
        .with_hint(kRowHint);
  }

  void refuse_shift(const LabelAgreement& agreement) {
    bool differ = false;
    for (size_t column = 0; column < agreement.columns(); ++column) {
      differ = differ || agreement.differing(column) > 0;
    }
    if (!differ) return;
    const auto shift = find_record_shift(
        list_.entries, std::ssize(in_file_.offsets),
        [this](size_t position, int64_t index) { return compare_labels(position, index); });
    if (!shift) return;
    const ListEntry entry = list_.entries[shift->position];
    throw input_error(
        "{}: from here on the labels are those of the records whose index is {} {}: the list was "
        "numbered anew after '{}' was packed (here index {})",
        line_of(list_, shift->position), std::abs(shift->by), shift->by > 0 ? "higher" : "lower",
        file().path().string(), entry.index)
        .with_hint("take the .lst file that was packed, or pack the images again");
  }

  std::optional<LabelComparison> compare_labels(size_t position, int64_t index) {
    const auto record = by_index_.find(index);
    if (record == by_index_.end()) return std::nullopt;
    const std::span<const float> listed = listed_labels(position);
    LabelComparison result = LabelComparison::kUnknown;
    for (size_t column = 0; column < listed.size(); ++column) {
      const float packed = packed_label(record->second, column);
      if (std::isnan(listed[column]) || std::isnan(packed)) continue;
      if (listed[column] != packed) return LabelComparison::kDiffer;
      result = LabelComparison::kSame;
    }
    return result;
  }

  // How the labels of a column differ from the records'.
  [[nodiscard]] std::string difference(const LabelAgreement& agreement, size_t column) const {
    const auto& first = *agreement.first(column);
    const ListEntry entry = list_.entries[first.position];
    return fmt::format(
        "{}: {} of {} labels{} differ from those in '{}' (first: index {} in line {}: {} here, {} "
        "there)",
        list_.origin.string(), agreement.differing(column), agreement.compared(column),
        agreement.columns() > 1 ? fmt::format(" of column {}", column) : "", file().path().string(),
        entry.index, entry.line, first.listed, first.packed);
  }

  void judge(const LabelAgreement& agreement, size_t column) {
    if (agreement.differing(column) == 0) return;
    if (holds_texts(column) && agreement.renamed(column)) return;  // they name the same classes
    const std::string differ = difference(agreement, column);
    if (agreement.unrelated(column)) {
      throw input_error("{}: they belong to another dataset, or to an older state of this one",
                        differ)
          .with_hint(kTogetherHint);
    }
    list_.warnings.push_back(differ + "; the list's are used");
  }

  ImageList list_;
  RecordList in_file_;
  std::unordered_map<int64_t, size_t> by_index_;              // the first record of each index
  std::unordered_map<int64_t, std::vector<size_t>> repeats_;  // further ones, not yet compared
  std::vector<std::vector<float>> numbers_;  // of each column, of each of its cells
  std::vector<bool> texts_;                  // columns with cells that are no numbers
  std::vector<float> listed_;                // of the entry that was asked for last
};

}  // namespace

void refuse_index_clash(const ImageList& list, const fs::path& records) {
  constexpr auto kHint =
      "orthrus pack numbers such a list anew: take the .lst file that it wrote beside the .rec";
  const std::span<const int64_t> indexes = list.entries.indexes();
  const auto least = std::ranges::min_element(indexes);
  if (*least < 0) {
    throw input_error("{}: index {} is negative, so no record of '{}' can have it",
                      line_of(list, static_cast<size_t>(least - indexes.begin())), *least,
                      records.string())
        .with_hint(kHint);
  }
  const auto clash = find_index_clash(list.entries);
  if (!clash) return;
  const ListEntry a = list.entries[clash->first], b = list.entries[clash->second];
  throw input_error(
      "{}: index {} stands for '{}' in line {} and for '{}'{} here: which record of '{}' is meant "
      "cannot be told",
      line_of(list, clash->second), a.index, a.path, a.line, b.path,
      a.path == b.path ? " with other labels" : "", records.string())
      .with_hint(kHint);
}

std::shared_ptr<Pictures> match_records(ImageList list, const fs::path& records) {
  return RecordMatcher(std::move(list), records).match();
}

}  // namespace orthrus
