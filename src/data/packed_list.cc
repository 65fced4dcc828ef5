#include "data/packed_list.h"

#include <algorithm>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"

namespace orthrus {

namespace {

// Positions of the entries that the other list does not have with the same path and index.
std::vector<size_t> not_shared(const ListEntries& entries, const ListEntries& others) {
  std::vector<std::pair<int64_t, size_t>> by_index;
  by_index.reserve(others.size());
  for (size_t i = 0; i < others.size(); ++i) by_index.emplace_back(others.indexes()[i], i);
  std::ranges::sort(by_index);
  std::vector<size_t> positions;
  for (size_t i = 0; i < entries.size(); ++i) {
    const ListEntry entry = entries[i];
    auto found = std::ranges::lower_bound(by_index, std::pair(entry.index, size_t{0}));
    while (found != by_index.end() && found->first == entry.index &&
           others[found->second].path != entry.path) {
      ++found;
    }
    if (found == by_index.end() || found->first != entry.index) positions.push_back(i);
  }
  return positions;
}

}  // namespace

bool check_packed_list(ImageList& list, const std::filesystem::path& records) {
  std::filesystem::path path = records;
  path.replace_extension(".lst");
  std::error_code ignored;
  if (path == records || !std::filesystem::is_regular_file(path, ignored) ||
      std::filesystem::equivalent(path, list.origin, ignored)) {
    return false;
  }
  ListEntries packed;
  try {
    packed = read_list(path).entries;
  } catch (const Error& error) {
    list.warnings.push_back(
        list.origin.string() +
        ": not checked against the list of what was packed: " + error.message());
    return false;
  }
  const std::vector<size_t> suspects = not_shared(list.entries, packed);
  std::unordered_map<std::string_view, size_t> suspect_paths;
  for (const size_t position : suspects) {
    suspect_paths.emplace(list.entries[position].path, position);
  }
  if (suspect_paths.empty()) return true;
  for (const ListEntry entry : packed) {
    const auto found = suspect_paths.find(entry.path);
    if (found == suspect_paths.end()) continue;
    const ListEntry suspect = list.entries[found->second];
    throw input_error(
        "{}:{}: '{}' has the index {}, but was packed into '{}' with {} ('{}', line {})",
        list.origin.string(), suspect.line, suspect.path, suspect.index, records.string(),
        entry.index, path.string(), entry.line)
        .with_hint("take '" + path.string() + "', or pack the images again");
  }
  if (suspects.size() < list.entries.size()) return false;
  list.warnings.push_back(
      fmt::format("{}: '{}', the list of what was packed, has none of its paths",
                  list.origin.string(), path.string()));
  return false;
}

}  // namespace orthrus
