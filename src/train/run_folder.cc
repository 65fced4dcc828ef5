#include "train/run_folder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "train/checkpoint.h"

namespace orthrus {
namespace {

namespace fs = std::filesystem;

constexpr int kMostRuns = 9999;

// A temporary file of an AtomicFile that writes a file of this folder.
bool is_half_written(const std::string& name) {
  const std::string target = name.substr(0, name.rfind(".tmp-"));
  constexpr std::array kEndings = {".safetensors", ".params", "-symbol.json"};
  constexpr std::array kNames = {"config.toml", "metrics.csv", "environment.json", "write-test"};
  const bool ours =
      std::ranges::any_of(kEndings, [&](auto end) { return target.ends_with(end); }) ||
      std::ranges::find(kNames, target) != kNames.end();
  return ours && is_temporary_of(name, target);
}

void remove_half_written(const fs::path& folder) {
  std::error_code failure;
  fs::directory_iterator entry(folder, failure);
  for (; !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
    std::error_code ignored;
    if (is_half_written(entry->path().filename().string())) fs::remove(entry->path(), ignored);
  }
}

}  // namespace

RunFolder::RunFolder(fs::path folder) : path_(std::move(folder)) {
  std::error_code ignored;
  created_ = !fs::exists(path_, ignored);
  make_directories(path_);
  lock_ = std::make_unique<FileLock>(lock_path(path_));
  const AtomicFile probe(path_ / "write-test");
  remove_half_written(path_);
  remove_half_written(checkpoints());
}

RunFolder::~RunFolder() {
  lock_.reset();
  std::error_code ignored;
  if (kept_ || !created_) return;
  fs::remove(log(), ignored);
  fs::remove(path_, ignored);  // fails where anything else is in it
}

std::unique_ptr<RunFolder> RunFolder::numbered(const fs::path& parent) {
  make_directories(parent);
  for (int number = 1; number <= kMostRuns; ++number) {
    fs::path folder = parent / fmt::format("{:04}", number);
    std::error_code failure;
    // Of several processes that try, one creates it.
    if (fs::create_directory(folder, failure)) {
      auto run = std::make_unique<RunFolder>(std::move(folder));
      run->created_ = true;
      return run;
    }
    if (failure) {
      throw resource_error("cannot create the folder '{}': {}", folder.string(), failure.message());
    }
  }
  throw resource_error("'{}' holds {} runs", parent.string(), kMostRuns)
      .with_hint("name the run with --run, or move old ones away");
}

void RunFolder::keep() {
  kept_ = true;
}

void RunFolder::put_checkpoints_aside() {
  std::error_code failure;
  if (!fs::exists(checkpoints(), failure) || fs::is_empty(checkpoints(), failure)) return;
  const fs::path aside = path_ / "checkpoints.before";
  for (const fs::path& file : checkpoint_files(aside)) fs::remove(file, failure);
  fs::rename(checkpoints(), aside, failure);
  if (failure) {
    throw resource_error("cannot rename '{}' to '{}': {}", checkpoints().string(), aside.string(),
                         failure.message());
  }
}

bool RunFolder::holds_run() const {
  std::error_code ignored;
  return fs::exists(config(), ignored) || fs::exists(metrics(), ignored);
}

std::string RunFolder::lock_note() const {
  if (!lock_->failure().empty()) {
    return fmt::format("'{}' cannot be locked ({}): see to it that no other training writes there",
                       path_.string(), lock_->failure());
  }
  if (!lock_->former_owner().empty()) {
    return fmt::format("the training of {} in '{}' was cut off", lock_->former_owner(),
                       path_.string());
  }
  return "";
}

fs::path RunFolder::lock_path(const fs::path& folder) {
  return folder / "lock";
}

}  // namespace orthrus
