#include "data/record_index.h"

#include <algorithm>
#include <optional>

#include "base/error.h"

namespace orthrus {

namespace {

constexpr auto kOtherIndexHint =
    "the index may be that of another file, or older than this one: make it again, or remove it "
    "and the ids in the records are used";

// A number that is there more than once.
std::optional<int64_t> repeated_number(std::span<const int64_t> numbers) {
  std::vector<int64_t> sorted(numbers.begin(), numbers.end());
  std::ranges::sort(sorted);
  const auto found = std::ranges::adjacent_find(sorted);
  return found == sorted.end() ? std::nullopt : std::optional(*found);
}

// The place in the file of each line's record.
std::vector<size_t> records_of(const std::vector<RecordPlace>& places, const RecordFile& file,
                               std::span<const uint64_t> offsets) {
  std::vector<size_t> records;
  std::vector<bool> named(offsets.size());
  for (const RecordPlace& place : places) {
    const auto found = std::ranges::lower_bound(offsets, place.offset);
    if (found == offsets.end() || *found != place.offset) {
      (void)file.extent(place.offset);  // says what is there instead, unless it looks like a record
      throw input_error("key {} names byte {} of '{}', where no record starts", place.key,
                        place.offset, file.path().string());
    }
    const auto record = static_cast<size_t>(found - offsets.begin());
    if (named[record]) {
      throw input_error("it names the record at byte {} of '{}' twice", place.offset,
                        file.path().string());
    }
    named[record] = true;
    records.push_back(record);
  }
  if (records.size() != offsets.size()) {
    throw input_error("it names {} of the {} records of '{}'", records.size(), offsets.size(),
                      file.path().string());
  }
  return records;
}

RecordIndex follow(const std::vector<RecordPlace>& places, const RecordFile& file,
                   std::span<const uint64_t> offsets, std::span<const int64_t> ids) {
  RecordIndex index{.records = records_of(places, file, offsets)};
  const std::vector<int64_t>& keys = index.keys;
  std::vector<int64_t> own;
  size_t differing = 0, first = 0;
  for (size_t i = 0; i < places.size(); ++i) {
    index.keys.push_back(places[i].key);
    own.push_back(ids[index.records[i]]);
    if (keys[i] != own[i] && ++differing == 1) first = i;
  }
  if (differing == 0) {
    index.as_in_file = std::ranges::is_sorted(index.records);
    return index;
  }
  const std::string contradiction =
      fmt::format("{} of its {} keys are not the ids of the records in '{}' (first: key {}, id {})",
                  differing, keys.size(), file.path().string(), keys[first], own[first]);
  if (!repeated_number(ids)) {
    index.warning = contradiction + "; a list is matched with the ids";
    index.ids = std::move(own);
    return index;
  }
  if (const auto repeated = repeated_number(keys)) {
    throw input_error("{}, and key {} is there more than once", contradiction, *repeated);
  }
  const bool says_nothing = std::ranges::adjacent_find(ids, std::not_equal_to<>()) == ids.end();
  if (!says_nothing) index.ambiguity = contradiction + ", and the ids repeat";
  return index;
}

}  // namespace

RecordIndex follow_record_index(const std::filesystem::path& path, const RecordFile& file,
                                std::span<const uint64_t> offsets, std::span<const int64_t> ids) {
  const std::vector<RecordPlace> places = read_record_index(path);
  try {
    RecordIndex index = follow(places, file, offsets, ids);
    for (std::string* text : {&index.warning, &index.ambiguity}) {
      if (!text->empty()) *text = path.string() + ": " + *text;
    }
    return index;
  } catch (const Error& error) {
    throw error.within(path.string()).with_hint(kOtherIndexHint);
  }
}

}  // namespace orthrus
