#include "data/record_match.h"

#include <algorithm>
#include <memory>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/index_clash.h"
#include "data/label_agreement.h"
#include "data/packed_list.h"
#include "data/record_pictures.h"
#include "data/text_lines.h"

namespace orthrus {

namespace {

namespace fs = std::filesystem;

constexpr auto kTogetherHint = "list and .rec file must have been made together";

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
    check_packed_list(list_, file().path());
    check_labels(records);
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

  void check_labels(const std::vector<size_t>& records) {
    if (list_.label_columns != in_file_.list.label_columns) return;
    LabelAgreement agreement(static_cast<size_t>(list_.label_columns));
    find_numbers();
    std::vector<float> listed;
    for (size_t i = 0; i < records.size(); ++i) {
      const std::span<const float> labels = list_.entries[i].labels;
      listed.assign(labels.begin(), labels.end());
      for (size_t column = 0; column < numbers_.size(); ++column) {
        const std::vector<float>& numbers = numbers_[column];
        if (!numbers.empty()) listed[column] = numbers[static_cast<size_t>(listed[column])];
      }
      agreement.add(i, listed, in_file_.list.entries[records[i]].labels);
    }
    for (size_t column = 0; column < agreement.columns(); ++column) judge(agreement, column);
  }

  // The numbers that the cells of a table's columns are; where they are texts, each of them is a
  // number of its own.
  void find_numbers() {
    numbers_.resize(list_.columns.size());
    for (size_t column = 0; column < numbers_.size(); ++column) {
      std::vector<float>& numbers = numbers_[column];
      for (const std::string& cell : list_.columns[column].cells) {
        const std::optional<float> number = parse_label(cell);
        if (!number) {
          numbers.clear();
          break;
        }
        numbers.push_back(*number);
      }
    }
  }

  [[nodiscard]] bool holds_texts(size_t column) const {
    return column < list_.columns.size() && list_.columns[column].is_text &&
           numbers_[column].empty();
  }

  void judge(const LabelAgreement& agreement, size_t column) {
    if (agreement.differing(column) == 0) return;
    if (holds_texts(column) && agreement.renamed(column)) return;  // they name the same classes
    const auto& first = *agreement.first(column);
    const std::string differ = fmt::format(
        "{}: {} of {} labels{} differ from those in '{}' (first: index {} in line {}: {} here, {} "
        "there)",
        list_.origin.string(), agreement.differing(column), agreement.compared(column),
        agreement.columns() > 1 ? fmt::format(" of column {}", column) : "", file().path().string(),
        list_.entries[first.position].index, list_.entries[first.position].line, first.listed,
        first.packed);
    if (list_.numbered_by_row && !agreement.renamed(column)) {
      throw input_error(
          "{}, and the table has no column 'index': its rows are taken by their place", differ)
          .with_hint("take the table that was packed, or the .lst file that was written with it");
    }
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
