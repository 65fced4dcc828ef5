#include "data/joined_pictures.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/error.h"

namespace orthrus {

namespace {

class JoinedPictures final : public Pictures {
 public:
  JoinedPictures(ImageList list, std::vector<SharedPictures> parts)
      : Pictures(std::move(list)), parts_(std::move(parts)) {
    size_t end = 0;
    for (const SharedPictures& part : parts_) {
      ends_.push_back(end += part->list().entries.size());
    }
  }

  [[nodiscard]] std::vector<std::byte> read(size_t position, uint64_t most_bytes) const override {
    const Place place = place_of(position);
    return place.part.read(place.position, most_bytes);
  }
  [[nodiscard]] bool missing(size_t position) const override {
    const Place place = place_of(position);
    return place.part.missing(place.position);
  }
  [[nodiscard]] std::string name(size_t position) const override {
    const Place place = place_of(position);
    return place.part.name(place.position);
  }
  [[nodiscard]] std::string place_in_list(size_t position) const override {
    const Place place = place_of(position);
    return place.part.place_in_list(place.position);
  }
  [[nodiscard]] std::filesystem::path home() const override { return parts_.front()->home(); }

 private:
  struct Place {
    const Pictures& part;
    size_t position;
  };
  [[nodiscard]] Place place_of(size_t position) const {
    const auto part =
        static_cast<size_t>(std::ranges::upper_bound(ends_, position) - ends_.begin());
    return {*parts_[part], part == 0 ? position : position - ends_[part - 1]};
  }

  std::vector<SharedPictures> parts_;
  std::vector<size_t> ends_;
};

bool has_names(const ImageList& list) {
  return std::ranges::any_of(list.columns,
                             [](const LabelColumn& column) { return !column.name.empty(); });
}

// Of a list, one for each of its label columns.
std::vector<LabelColumn> columns_of(const ImageList& list) {
  std::vector<LabelColumn> columns = list.columns;
  columns.resize(static_cast<size_t>(list.label_columns));
  return columns;
}

void check_names(const std::vector<SharedPictures>& parts) {
  const ImageList& first = parts.front()->list();
  for (const SharedPictures& part : parts) {
    const ImageList& list = part->list();
    if (has_names(list) == has_names(first)) continue;
    const ImageList& nameless = has_names(list) ? first : list;
    throw input_error("'{}' does not name its label columns, but another source does",
                      nameless.origin.string())
        .with_hint("name them: columns = [\"...\"] in its [[source]] table");
  }
}

// Where a column of a part belongs, or -1.
int place_among(const std::vector<LabelColumn>& columns, const LabelColumn& column, size_t place) {
  if (column.name.empty()) return place < columns.size() ? static_cast<int>(place) : -1;
  const auto found = std::ranges::find(columns, column.name, &LabelColumn::name);
  return found == columns.end() ? -1 : static_cast<int>(found - columns.begin());
}

std::vector<LabelColumn> all_columns(const std::vector<SharedPictures>& parts) {
  std::vector<LabelColumn> columns;
  for (const SharedPictures& part : parts) {
    const std::vector<LabelColumn> own = columns_of(part->list());
    for (size_t i = 0; i < own.size(); ++i) {
      const int place = place_among(columns, own[i], i);
      if (place < 0) {
        columns.push_back(own[i]);
        columns.back().cells.clear();
        continue;
      }
      LabelColumn& known = columns[static_cast<size_t>(place)];
      known.is_text = known.is_text || own[i].is_text;
      known.is_folder = known.is_folder && own[i].is_folder;
    }
  }
  return columns;
}

// The labels of a part's column in the joined one, which has texts if any part has.
class JoinedColumn {
 public:
  JoinedColumn(const LabelColumn& own, LabelColumn& joined) : own_(own), joined_(joined) {
    if (!joined.is_text) return;
    for (size_t i = 0; i < joined.cells.size(); ++i) {
      number_of_.emplace(joined.cells[i], static_cast<float>(i));
    }
    if (!own.is_text) return;
    for (const std::string& cell : own.cells) numbers_.push_back(number_of(cell));
  }

  float operator()(float label) {
    if (!joined_.is_text) return label;
    if (own_.is_text) return numbers_[static_cast<size_t>(label)];
    return number_of(std::isnan(label) ? std::string() : fmt::format("{}", label));
  }

 private:
  float number_of(const std::string& cell) {
    const auto [place, added] = number_of_.emplace(cell, static_cast<float>(joined_.cells.size()));
    if (added) joined_.cells.push_back(cell);
    return place->second;
  }

  const LabelColumn& own_;
  LabelColumn& joined_;
  std::unordered_map<std::string, float> number_of_;
  std::vector<float> numbers_;  // of the own cells
};

// Adds the entries of a part, with their labels in their places. In a column that the part does not
// have they are missing: an empty cell where it has texts.
void append(const ImageList& part, ImageList& list) {
  const std::vector<LabelColumn> own = columns_of(part);
  std::vector<size_t> places;
  std::vector<JoinedColumn> columns;
  for (size_t i = 0; i < own.size(); ++i) {
    places.push_back(static_cast<size_t>(place_among(list.columns, own[i], i)));
    columns.emplace_back(own[i], list.columns[places.back()]);
  }
  std::vector<float> absent;
  const LabelColumn none;
  for (LabelColumn& column : list.columns) {
    const auto place = static_cast<size_t>(&column - list.columns.data());
    const bool is_own = std::ranges::find(places, place) != places.end();
    constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
    absent.push_back(is_own ? kMissing : JoinedColumn(none, column)(kMissing));
  }
  std::vector<float> labels;
  for (const ListEntry entry : part.entries) {
    labels = absent;
    for (size_t i = 0; i < places.size(); ++i) labels[places[i]] = columns[i](entry.labels[i]);
    list.entries.add(entry.index, labels, entry.path, entry.line);
  }
}

}  // namespace

std::shared_ptr<Pictures> join_pictures(std::vector<SharedPictures> parts) {
  check_names(parts);
  ImageList list;
  list.columns = all_columns(parts);
  list.label_columns = static_cast<int>(list.columns.size());
  size_t entries = 0;
  for (const SharedPictures& part : parts) entries += part->list().entries.size();
  list.entries.reserve(entries, 0, list.columns.size());
  std::string origin;
  for (const SharedPictures& part : parts) {
    origin += (origin.empty() ? "" : " + ") + part->list().origin.string();
    append(part->list(), list);
    std::ranges::copy(part->list().warnings, std::back_inserter(list.warnings));
  }
  list.origin = origin;
  if (!has_names(list)) list.columns.clear();
  return std::make_shared<JoinedPictures>(std::move(list), std::move(parts));
}

}  // namespace orthrus
