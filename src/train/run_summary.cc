#include "train/run_summary.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "base/file_lock.h"
#include "base/options_parse.h"
#include "train/options.h"
#include "train/run_folder.h"

namespace orthrus {
namespace {

using CsvRow = std::vector<std::string>;

// RFC 4180: cells between commas, quoted ones may hold anything.
std::vector<CsvRow> parse_csv(const std::string& text) {
  std::vector<CsvRow> rows;
  CsvRow row;
  std::string cell;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      cell += c;
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == ',' || c == '\n')) {
      row.push_back(std::move(cell));
      cell.clear();
      if (c == '\n') rows.push_back(std::exchange(row, {}));
    } else {
      cell += c;
    }
  }
  return rows;
}

std::optional<double> number_in(const std::string& cell) {
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size()) return std::nullopt;
  return value;
}

// metrics.csv by the names of its columns.
class MetricsTable {
 public:
  explicit MetricsTable(const std::filesystem::path& path) : rows_(parse_csv(read_text(path))) {
    if (rows_.empty()) throw input_error("'{}' is empty", path.string());
    for (size_t i = 0; i < rows_.front().size(); ++i) columns_[rows_.front()[i]] = i;
    for (const char* name :
         {"epoch", "task", "seconds", "validation_accuracy", "validation_loss"}) {
      if (!columns_.contains(name)) {
        throw input_error("'{}' has no column '{}'", path.string(), name);
      }
    }
    for (const CsvRow& row : rows_) {
      if (row.size() != rows_.front().size()) {
        throw input_error("'{}': rows have different lengths", path.string());
      }
    }
  }

  [[nodiscard]] size_t size() const { return rows_.size() - 1; }
  [[nodiscard]] const std::string& text(size_t row, const char* column) const {
    return rows_[row + 1][columns_.find(column)->second];
  }
  [[nodiscard]] std::optional<double> number(size_t row, const char* column) const {
    return number_in(text(row, column));
  }

 private:
  std::vector<CsvRow> rows_;
  std::map<std::string, size_t, std::less<>> columns_;
};

// Rows of one epoch follow each other.
struct EpochRows {
  int number = 0;
  size_t begin = 0, end = 0;
  std::optional<double> score;
};

std::vector<EpochRows> epochs_of(const MetricsTable& table) {
  std::vector<EpochRows> epochs;
  for (size_t row = 0; row < table.size(); ++row) {
    const int number = static_cast<int>(table.number(row, "epoch").value_or(0));
    if (epochs.empty() || epochs.back().number != number) {
      epochs.push_back({.number = number, .begin = row, .end = row, .score = std::nullopt});
    }
    epochs.back().end = row + 1;
    const std::optional<double> accuracy = table.number(row, "validation_accuracy");
    if (accuracy) epochs.back().score = epochs.back().score.value_or(0) + *accuracy;
  }
  return epochs;
}

void add_metrics(const MetricsTable& table, RunSummary& run) {
  const std::vector<EpochRows> epochs = epochs_of(table);
  run.epochs = static_cast<int>(epochs.size());
  if (epochs.empty()) return;
  const EpochRows* best = &epochs.front();
  for (const EpochRows& epoch : epochs) {
    run.seconds += table.number(epoch.begin, "seconds").value_or(0);
    if (!epoch.score || !best->score || *epoch.score > *best->score) best = &epoch;
  }
  run.best_epoch = best->number;
  for (size_t row = best->begin; row < best->end; ++row) {
    run.tasks.push_back({.task = table.text(row, "task"),
                         .accuracy = table.number(row, "validation_accuracy"),
                         .loss = table.number(row, "validation_loss")});
  }
}

RunState state_of(const RunSummary& run) {
  const std::filesystem::path lock = RunFolder::lock_path(run.folder);
  if (FileLock::is_held(lock)) return RunState::kTraining;
  if (run.epochs >= run.asked) return RunState::kDone;
  return std::filesystem::exists(lock) ? RunState::kCutOff : RunState::kStopped;
}

}  // namespace

std::string to_string(RunState state) {
  switch (state) {
    case RunState::kTraining:
      return "training";
    case RunState::kCutOff:
      return "cut off";
    case RunState::kStopped:
      return "stopped";
    case RunState::kDone:
      return "done";
  }
  return "";
}

RunSummary summarise_run(const std::filesystem::path& folder) {
  RunSummary run{.folder = folder, .tasks = {}, .options = Options(train_table())};
  const std::filesystem::path config = folder / "config.toml";
  std::error_code ignored;
  if (!std::filesystem::exists(config, ignored)) {
    throw input_error("'{}' holds no run: there is no config.toml in it", folder.string());
  }
  try {
    read_option_file(config, run.options);
  } catch (const Error& error) {
    throw input_error("{}", error.message()).with_hint("another version of Orthrus wrote that run");
  }
  run.asked =
      static_cast<int>(run.options.integer("train.num_epoch") - run.options.integer("model.epoch"));
  const std::filesystem::path metrics = folder / "metrics.csv";
  if (std::filesystem::exists(metrics, ignored)) add_metrics(MetricsTable(metrics), run);
  run.state = state_of(run);
  return run;
}

std::vector<std::filesystem::path> run_folders(const std::filesystem::path& parent) {
  std::vector<std::filesystem::path> folders;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(parent, none)) {
    std::error_code ignored;
    if (std::filesystem::exists(entry.path() / "config.toml", ignored)) {
      folders.push_back(entry.path());
    }
  }
  std::ranges::sort(folders);
  return folders;
}

}  // namespace orthrus
