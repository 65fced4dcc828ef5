#include "train/config_paths.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "train/environment.h"
#include "train/recipes.h"

namespace orthrus {
namespace {

namespace fs = std::filesystem;

enum class PathUse {
  kRead,     // must be there
  kMayName,  // a path, or the name of something built in
  kWritten,  // need not be there
};
struct PathKey {
  const char* key;
  PathUse use;
};
constexpr auto kPathKeys = std::to_array<PathKey>({
    {"data.train", PathUse::kRead},
    {"data.image_train", PathUse::kRead},
    {"data.val", PathUse::kRead},
    {"data.image_val", PathUse::kRead},
    {"data.exclude", PathUse::kRead},
    {"model.classes", PathUse::kRead},
    {"model.source", PathUse::kMayName},
    {"tasks.preset", PathUse::kMayName},
    {"train.recipe", PathUse::kMayName},
    {"train.run", PathUse::kWritten},
    {"train.save_result", PathUse::kWritten},
    {"finetune.cache_folder", PathUse::kWritten},
    {"data.picture_cache_dir", PathUse::kWritten},
});
constexpr auto kSourceKeys =
    std::to_array<PathKey>({{"list", PathUse::kRead}, {"images", PathUse::kRead}});
constexpr auto kTaskKeys = std::to_array<PathKey>({{"classes", PathUse::kRead}});

// The repeated tables that hold paths.
struct PathSection {
  const char* name;
  std::span<const PathKey> keys;
};
const std::array kPathSections = {PathSection{"source", kSourceKeys},
                                  PathSection{"task", kTaskKeys}};

// Whether an option is there and is a path: `classes` may be a number or names as well.
bool holds_path(const Options& options, const PathKey& key) {
  if (!options.has(key.key)) return false;
  if (key.key != std::string_view("classes")) return true;
  const std::vector<std::string>& texts = options.list(key.key);
  return texts.size() == 1 && texts.front().find_first_not_of("+-0123456789") != std::string::npos;
}

// A key of the options, or of one of their [[source]] and [[task]] tables.
using Visit = std::function<void(Options& options, const PathKey& key)>;

void for_each_path(Options& options, const Visit& visit) {
  for (const PathKey& key : kPathKeys) {
    if (options.has(key.key)) visit(options, key);
  }
  for (const PathSection& section : kPathSections) {
    const std::span<const Options> given = options.section(section.name);
    std::vector<Options> entries(given.begin(), given.end());
    for (Options& entry : entries) {
      for (const PathKey& key : section.keys) {
        if (holds_path(entry, key)) visit(entry, key);
      }
    }
    options.replace_section(section.name, entries);
  }
}

bool is_there(const fs::path& path, const PathKey& key) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) return true;
  return key.key == std::string_view("model.source") &&
         fs::exists(path.string() + "-symbol.json", ignored);
}

bool is_recipe(const std::string& name) {
  return std::ranges::find(recipes(), name, &Recipe::name) != recipes().end();
}

bool same_file(const fs::path& a, const fs::path& b) {
  std::error_code failure;
  return fs::equivalent(a, b, failure) && !failure;
}

// A relative path that a configuration gives, in the two folders.
struct Candidate {
  bool here = false;   // it is in the current folder
  bool there = false;  // and in the configuration's
  bool same = false;
};

class PathFinder {
 public:
  // `run`: whether `folder` is where a run was started, and not a configuration's own folder.
  PathFinder(fs::path folder, bool run) : folder_(std::move(folder)), run_(run) {}

  Options locate(Options options) {
    if (!run_) for_each_path(options, [this](Options& o, const PathKey& key) { count(o, key); });
    for_each_path(options, [this](Options& o, const PathKey& key) { place(o, key); });
    return options;
  }

  void locate_classes(std::span<Options> entries) {
    const PathKey& key = kTaskKeys.front();
    for (Options& entry : entries) {
      if (!run_ && holds_path(entry, key)) count(entry, key);
    }
    for (Options& entry : entries) {
      if (holds_path(entry, key)) place(entry, key);
    }
  }

 private:
  [[nodiscard]] static bool is_asked(const Options& options, const PathKey& key) {
    const std::string text = options.text(key.key);
    return options.origin(key.key) == OptionOrigin::kFile && fs::path(text).is_relative() &&
           !is_recipe(text);
  }

  [[nodiscard]] Candidate candidate(const Options& options, const PathKey& key) const {
    const fs::path path = options.text(key.key);
    Candidate found = {.here = is_there(path, key), .there = is_there(folder_ / path, key)};
    found.same = found.here && found.there && same_file(path, folder_ / path);
    return found;
  }

  void count(const Options& options, const PathKey& key) {
    if (key.use == PathUse::kWritten || !is_asked(options, key)) return;
    const Candidate found = candidate(options, key);
    only_here_ = only_here_ || (found.here && !found.there);
    only_there_ = only_there_ || (found.there && !found.here);
  }

  void place(Options& options, const PathKey& key) const {
    if (!is_asked(options, key)) return;
    if (key.use == PathUse::kWritten) {
      if (run_ && key.key != std::string_view("train.run") &&
          key.key != std::string_view("train.save_result")) {
        move(options, key);
      }
      return;
    }
    const Candidate found = candidate(options, key);
    if (!found.here && !found.there) {
      if (key.use == PathUse::kRead) throw absent(options, key);
      return;
    }
    if (found.same || !found.there) return;
    if (!found.here || run_) return move(options, key);
    if (only_here_ == only_there_) throw ambiguous(options, key);
    if (only_there_) move(options, key);
  }

  void move(Options& options, const PathKey& key) const {
    const fs::path path = (folder_ / options.text(key.key)).lexically_normal();
    options.set(key.key, {path.string()}, OptionOrigin::kFile, options.where(key.key));
  }

  [[nodiscard]] Error absent(const Options& options, const PathKey& key) const {
    return input_error("{}: '{}' is neither in the current folder nor in '{}', where the {}",
                       options.where(key.key), options.text(key.key), folder_.string(),
                       run_ ? "run was started" : "configuration is")
        .with_hint("write the whole path, or start in the folder to which it is relative");
  }

  [[nodiscard]] Error ambiguous(const Options& options, const PathKey& key) const {
    return usage_error("{}: '{}' is in the current folder and in '{}', and these are not the same",
                       options.where(key.key), options.text(key.key), folder_.string())
        .with_hint("write the whole path");
  }

  fs::path folder_;
  bool run_;
  bool only_here_ = false, only_there_ = false;  // some path is there and in no other place
};

// The run is where its configuration is, wherever it was started.
void name_run(const fs::path& folder, Options& options) {
  for (const char* key : {"train.run", "train.save_result"}) {
    if (!options.has(key) || options.origin(key) != OptionOrigin::kFile) continue;
    if (same_file(options.text(key), folder)) continue;
    // A name without a slash would be one in runs/.
    const fs::path path = folder.has_parent_path() ? folder : "." / folder;
    options.set(key, {path.string()}, OptionOrigin::kFile, options.where(key));
  }
}

fs::path absolute_in(const fs::path& folder, const Options& options, const PathKey& key) {
  const fs::path path = options.text(key.key);
  if (key.use == PathUse::kMayName && (is_recipe(path) || !is_there(folder / path, key)))
    return path;
  return (folder / path).lexically_normal();
}

fs::path folder_of(const fs::path& config) {
  return config.has_parent_path() ? config.parent_path() : fs::path(".");
}

// Empty for a configuration that is not a run's.
fs::path run_started_in(const fs::path& config) {
  if (config.filename() != "config.toml") return {};
  return started_in(folder_of(config) / "environment.json");
}

}  // namespace

Options with_located_paths(Options options) {
  const fs::path& config = options.config_file();
  if (config.empty()) return options;
  const fs::path own = folder_of(config);
  const fs::path started = run_started_in(config);
  if (!started.empty()) name_run(own, options);
  const fs::path folder = started.empty() ? own : started;
  if (same_file(folder, ".")) return options;
  return PathFinder(folder, !started.empty()).locate(std::move(options));
}

std::vector<Options> with_located_classes(std::span<const Options> entries,
                                          const fs::path& config) {
  std::vector<Options> located(entries.begin(), entries.end());
  const fs::path started = run_started_in(config);
  const fs::path folder = started.empty() ? folder_of(config) : started;
  if (!same_file(folder, ".")) PathFinder(folder, !started.empty()).locate_classes(located);
  return located;
}

fs::path settle_paths(const RunFolder& folder, Options& options) {
  const fs::path here = fs::current_path();
  const bool resumes = options.boolean("train.resume");
  const fs::path former = resumes ? started_in(folder.environment()) : fs::path();
  if (former.empty() || former == here) return here;
  for_each_path(options, [&](Options& some, const PathKey& key) {
    const fs::path path = absolute_in(here, some, key);
    if (some.text(key.key) == path) return;
    some.set(key.key, {path.string()}, some.origin(key.key), some.where(key.key));
  });
  return former;
}

void agree_on_paths(Options& now, const fs::path& now_in, const Options& then,
                    const fs::path& then_in) {
  const fs::path here = fs::current_path();
  const auto agree = [&](Options& current, const Options& former, const PathKey& key) {
    if (!holds_path(current, key) || !holds_path(former, key)) return;
    const fs::path path = absolute_in(now_in, current, key);
    // Data and model that moved with their folder are no longer where they were.
    const bool moved =
        !is_there(then_in / former.text(key.key), key) && path == absolute_in(here, former, key);
    if (!moved && path != absolute_in(then_in, former, key)) return;
    current.set(key.key, {former.text(key.key)}, current.origin(key.key), current.where(key.key));
  };
  for (const PathKey& key : kPathKeys) agree(now, then, key);
  for (const PathSection& section : kPathSections) {
    const std::span<const Options> given = now.section(section.name);
    const std::span<const Options> former = then.section(section.name);
    if (given.size() != former.size()) continue;
    std::vector<Options> entries(given.begin(), given.end());
    for (size_t i = 0; i < entries.size(); ++i) {
      for (const PathKey& key : section.keys) agree(entries[i], former[i], key);
    }
    now.replace_section(section.name, entries);
  }
}

}  // namespace orthrus
