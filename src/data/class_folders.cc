#include "data/class_folders.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "data/similar_names.h"
#include "data/text_lines.h"

namespace orthrus {

namespace {

namespace fs = std::filesystem;

constexpr auto kPictureEndings =
    std::to_array<std::string_view>({".jpg", ".jpeg", ".png", ".webp"});

std::string ending_of(const fs::path& path) {
  const std::string ending = lower_case(path.extension().string());
  return ending;
}

bool is_hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

Error folder_failure(const fs::path& folder, const std::error_code& error) {
  return input_error("cannot read the folder '{}': {}", folder.string(), error.message());
}

// Walks folders by hand, as links may lead in circles.
class PictureWalk {
 public:
  explicit PictureWalk(fs::path root) : root_(std::move(root)) {}

  void enter(const std::string& inside) {
    const fs::path folder = inside.empty() ? root_ : root_ / inside;
    if (!visit(folder)) return;
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      if (is_hidden(entry->path())) continue;
      const std::string name = entry->path().filename().string();
      const std::string path = inside.empty() ? name : inside + '/' + name;
      std::error_code ignored;
      if (entry->is_directory(ignored)) {
        enter(path);
      } else if (has_picture_ending(name)) {
        pictures.push_back(path);  // also what is no regular file: it is reported when read
      } else {
        left_out.add(name);
      }
    }
    if (error) throw folder_failure(folder, error);
  }

  // A link that leads here is not followed.
  void bar_root() { (void)visit(root_); }

  std::vector<std::string> pictures;
  LeftOut left_out;

 private:
  // False for a folder that was visited already, or is none.
  [[nodiscard]] bool visit(const fs::path& folder) {
    struct stat status {};
    return ::stat(folder.c_str(), &status) == 0 &&
           visited_.emplace(status.st_dev, status.st_ino).second;
  }

  fs::path root_;
  std::set<std::pair<dev_t, ino_t>> visited_;
};

// `loose_files`: files beside the folders, which belong to no class.
std::vector<std::string> class_names_in(const fs::path& folder, LeftOut& loose_files) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (is_hidden(entry->path())) continue;
    std::error_code ignored;
    if (entry->is_directory(ignored)) {
      names.push_back(entry->path().filename().string());
    } else {
      loose_files.add(entry->path());
    }
  }
  if (error) throw folder_failure(folder, error);
  std::ranges::sort(names);
  return names;
}

void warn_of_numbers(ImageList& list, const std::vector<std::string>& classes) {
  for (size_t i = 0; i < classes.size(); ++i) {
    const std::optional<int64_t> number = parse_number<int64_t>(classes[i]);
    if (!number || *number == static_cast<int64_t>(i)) continue;
    list.warnings.push_back(
        fmt::format("{}: the folders are classes in the order of their names as texts: '{}' is "
                    "class {}",
                    list.origin.string(), classes[i], i));
    return;
  }
}

}  // namespace

void LeftOut::add(const fs::path& path) {
  ++by_ending_[ending_of(path)];
}

void LeftOut::add(const LeftOut& others) {
  for (const auto& [ending, count] : others.by_ending_) by_ending_[ending] += count;
}

size_t LeftOut::count() const {
  size_t sum = 0;
  for (const auto& [ending, count] : by_ending_) sum += count;
  return sum;
}

std::string LeftOut::text() const {
  constexpr size_t kMostNamed = 8;
  std::vector<std::pair<std::string, size_t>> endings(by_ending_.begin(), by_ending_.end());
  std::ranges::stable_sort(endings, std::greater(), &std::pair<std::string, size_t>::second);
  std::vector<std::string> parts;
  size_t rest = count();
  for (const auto& [ending, number] : endings) {
    if (parts.size() == kMostNamed) break;
    parts.push_back(fmt::format("{} {}", number, ending.empty() ? "without an ending" : ending));
    rest -= number;
  }
  if (rest > 0) parts.push_back(fmt::format("{} others", rest));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string supported_endings() {
  return fmt::format("supported: {}", fmt::join(kPictureEndings, ", "));
}

bool has_picture_ending(const fs::path& path) {
  return std::ranges::find(kPictureEndings, ending_of(path)) != kPictureEndings.end();
}

std::vector<std::string> pictures_below(const fs::path& folder, LeftOut& left_out) {
  PictureWalk walk(folder);
  walk.enter("");
  left_out.add(walk.left_out);
  std::ranges::sort(walk.pictures);
  return std::move(walk.pictures);
}

ImageList list_class_folders(const fs::path& folder) {
  ImageList list;
  list.origin = folder;
  list.label_columns = 1;
  LeftOut left_out, loose;
  const std::vector<std::string> found = class_names_in(folder, loose);
  if (found.empty()) {
    throw input_error("the folder '{}' has no sub-folders, expected one for each class",
                      folder.string())
        .with_hint("for pictures without classes use a list: orthrus list DIR --out PREFIX");
  }
  LabelColumn column{.name = kFolderColumn, .is_text = true, .is_folder = true};
  std::vector<std::string> empty, lost;
  for (size_t label = 0; label < found.size(); ++label) {
    const std::string& name = found[label];
    column.cells.push_back(name);
    PictureWalk walk(folder);
    walk.bar_root();
    walk.enter(name);
    left_out.add(walk.left_out);
    if (walk.pictures.empty()) {
      if (walk.left_out.count() == 0)
        empty.push_back(name);
      else
        lost.push_back(fmt::format("'{}' ({})", name, walk.left_out.text()));
    }
    std::ranges::sort(walk.pictures);
    const auto value = static_cast<float>(label);
    for (const std::string& path : walk.pictures) {
      list.entries.add(static_cast<int64_t>(list.entries.size()), {&value, 1}, path, 0);
    }
  }
  if (list.entries.empty()) {
    throw input_error("the sub-folders of '{}' hold no picture: {}{}{}", folder.string(),
                      left_out.text(), left_out.count() > 0 ? "; " : "", supported_endings());
  }
  list.columns = {std::move(column)};
  const auto warn = [&](const std::string& text) {
    list.warnings.push_back(folder.string() + ": " + text);
  };
  if (left_out.count() > 0) {
    warn(fmt::format("left out: {}; {}", left_out.text(), supported_endings()));
  }
  if (loose.count() > 0) {
    warn(fmt::format("left out, since they are in no class's folder: {}", loose.text()));
  }
  if (!lost.empty()) {
    warn(fmt::format("classes that lose all their files, which are no supported images: {}",
                     fmt::join(lost, ", ")));
  }
  if (!empty.empty()) warn(fmt::format("no picture of the classes {}", fmt::join(empty, ", ")));
  for (const std::string& line : similar_names(found)) warn("the classes " + line);
  warn_of_numbers(list, found);
  return list;
}

}  // namespace orthrus
