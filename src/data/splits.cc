#include "data/splits.h"

#include <algorithm>
#include <system_error>
#include <vector>

#include "base/error.h"
#include "data/class_folders.h"
#include "data/text_lines.h"

namespace orthrus {
namespace {

namespace fs = std::filesystem;

struct SplitName {
  std::string_view name;
  SplitPart part;
};
constexpr auto kSplitNames = std::to_array<SplitName>({{"train", SplitPart::kTrain},
                                                       {"val", SplitPart::kValidation},
                                                       {"valid", SplitPart::kValidation},
                                                       {"validation", SplitPart::kValidation},
                                                       {"dev", SplitPart::kValidation},
                                                       {"test", SplitPart::kTest}});
constexpr std::array<const char*, 3> kPartUses = {"training", "validation", "held out"};

// The names of the visible sub-folders; empty for what cannot be read.
std::vector<std::string> sub_folders(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::error_code ignored;
    std::string name = entry->path().filename().string();
    if (!name.starts_with('.') && entry->is_directory(ignored)) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

bool holds_image(const fs::path& folder) {
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::follow_directory_symlink,
                                         error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (has_picture_ending(entry->path())) return true;
  }
  return false;
}

// A part has images in class folders, and none beside them.
bool is_part(const fs::path& folder) {
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (!entry->is_directory(ignored) && has_picture_ending(entry->path())) return false;
  }
  return true;
}

void report(Splits& splits, const fs::path& origin, const std::vector<std::string>& names) {
  splits.report = fmt::format("'{}' holds splits: {}", origin.string(), fmt::join(names, ", "));
}

std::optional<Splits> folder_splits(const PictureFiles& files) {
  Splits splits;
  std::vector<std::string> named;
  for (const std::string& name : sub_folders(files.list)) {
    const fs::path folder = files.list / name;
    if (!holds_image(folder)) continue;
    const std::optional<SplitPart> part = split_named(name);
    if (!part || !is_part(folder)) return std::nullopt;
    std::optional<PictureFiles>& slot = splits.parts[static_cast<size_t>(*part)];
    if (slot) {
      throw input_error("'{}' holds two folders for {}: '{}' and '{}'", files.list.string(),
                        kPartUses[static_cast<size_t>(*part)], slot->list.filename().string(), name)
          .with_hint("name the folders that are meant: --data-train DIR/train --data-val DIR/...");
    }
    slot = files;
    slot->list = folder;
    slot->folder = folder;
    named.push_back(fmt::format("{} ({})", name, kPartUses[static_cast<size_t>(*part)]));
  }
  if (named.empty()) return std::nullopt;
  report(splits, files.list, named);
  return splits;
}

std::string rows_text(size_t rows) {
  return fmt::format("{} row{}", rows, rows == 1 ? "" : "s");
}

Splits table_splits(const PictureFiles& files) {
  const std::string& column = files.table.split_column;
  Splits splits;
  std::vector<std::string> named;
  for (const auto& [text, rows] : count_splits(files.list, files.table)) {
    const std::optional<SplitPart> part = split_named(text);
    if (!part) {
      throw input_error("'{}': '{}' in column '{}' ({}) names no split", files.list.string(),
                        shown(text), column, rows_text(rows))
          .with_hint("expected train, val (valid, validation, dev) or test in every row");
    }
    std::optional<PictureFiles>& slot = splits.parts[static_cast<size_t>(*part)];
    if (!slot) slot = files;
    slot->table.splits.push_back(text);
    named.push_back(
        fmt::format("{}: {} ({})", text, rows_text(rows), kPartUses[static_cast<size_t>(*part)]));
  }
  report(splits, files.list, named);
  return splits;
}

}  // namespace

std::optional<SplitPart> split_named(std::string_view name) {
  const std::string plain = lower_case(name);
  for (const SplitName& known : kSplitNames) {
    if (known.name == plain) return known.part;
  }
  return std::nullopt;
}

std::optional<Splits> find_splits(const PictureFiles& files) {
  if (!files.table.splits.empty()) return std::nullopt;  // a part already
  const DataKind kind = data_kind(files.list);
  if (!files.table.split_column.empty()) {
    if (kind == DataKind::kTable) return table_splits(files);
    throw usage_error("'{}' is not a table: it has no column '{}'", files.list.string(),
                      files.table.split_column);
  }
  return kind == DataKind::kFolders ? folder_splits(files) : std::nullopt;
}

namespace {

// Of a table with a column such as split whose texts all name parts.
std::string suspected_split_column(const PictureFiles& files) {
  constexpr auto kSplitColumns = std::to_array<std::string_view>(
      {"split", "set", "subset", "partition", "part", "fold", "phase", "dataset"});
  if (!files.table.split_column.empty()) return {};
  for (const LabelColumn& column : table_columns(files.list, files.table)) {
    const std::string name = lower_case(column.name);
    if (std::ranges::find(kSplitColumns, name) == kSplitColumns.end()) continue;
    PictureFiles split = files;
    split.table.split_column = column.name;
    const auto parts = count_splits(split.list, split.table);
    const auto is_part = [](const auto& part) { return split_named(part.first).has_value(); };
    if (parts.size() < 2 || !std::ranges::all_of(parts, is_part)) continue;
    return fmt::format(
        "{}: the column '{}' says to which part a row belongs, and all rows are used; "
        "--split-column '{}' uses the parts",
        files.list.string(), column.name, column.name);
  }
  return {};
}

std::string suspected_split_folders(const fs::path& folder) {
  const std::vector<std::string> names = sub_folders(folder);
  if (names.size() < 2) return {};
  const auto split_names = std::ranges::count_if(
      names, [](const std::string& name) { return split_named(name).has_value(); });
  if (split_names > 1) {
    return fmt::format(
        "{}: some of its folders are named as splits ({}), but not all are: each folder is used as "
        "a class; if they are parts of one data set, name each: --data-train, --data-val",
        folder.string(), fmt::join(names, ", "));
  }
  const std::vector<std::string> inside = sub_folders(folder / names.front());
  const bool same = inside.size() > 1 && std::ranges::all_of(names, [&](const std::string& name) {
                      return sub_folders(folder / name) == inside && is_part(folder / name);
                    });
  if (!same) return {};
  return fmt::format(
      "{}: '{}' and '{}' hold folders of the same names ('{}', ...): are they parts of one data "
      "set? They are used as classes; else name each part: --data-train, --data-val",
      folder.string(), names[0], names[1], inside.front());
}

}  // namespace

std::string suspected_splits(const PictureFiles& files) {
  const DataKind kind = data_kind(files.list);
  if (kind == DataKind::kTable) return suspected_split_column(files);
  return kind == DataKind::kFolders ? suspected_split_folders(files.list) : std::string();
}

}  // namespace orthrus
