#include "train/metrics_file.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "data/csv.h"
#include "data/text_lines.h"

namespace orthrus {
namespace {

// Among five classes or fewer every label is one of the five most probable.
bool has_top_k(const Task& task) {
  return task.classes == 0 || task.classes > MetricSums::kTopK;
}

std::string cells(const std::vector<MetricSums>& sums_of_tasks, size_t index, const Task& task) {
  if (index >= sums_of_tasks.size() || sums_of_tasks[index].weight <= 0) return ",,,";
  const MetricSums& sums = sums_of_tasks[index];
  return fmt::format("{},{},{},{}", sums.weight, sums.mean_loss(), sums.accuracy(),
                     has_top_k(task) ? fmt::format("{}", sums.top_k_accuracy()) : "");
}

using Row = std::vector<std::string>;

std::vector<Row> rows_of(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  std::vector<Row> rows;
  std::vector<std::string> fields;
  size_t count = 0, begin = 0;
  for (size_t end = 0; (end = text.find('\n', end)) != text.npos; ++end) {
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    const CsvSplit result = split_csv(line, ',', fields, count);
    if (result == CsvSplit::kOpenQuote) continue;
    if (result == CsvSplit::kTextAfterQuote) {
      throw input_error("'{}': row {}: text after a closing quote", path.string(), rows.size() + 1);
    }
    rows.emplace_back(fields.begin(), fields.begin() + static_cast<std::ptrdiff_t>(count));
    begin = end + 1;
  }
  if (begin != text.size()) throw input_error("'{}' ends within a row", path.string());
  return rows;
}

// The cells by the names of their columns.
class MetricsTable {
 public:
  explicit MetricsTable(const std::filesystem::path& path) : rows_(rows_of(path)) {
    if (rows_.empty()) throw input_error("'{}' is empty", path.string());
    for (size_t i = 0; i < rows_.front().size(); ++i) columns_[rows_.front()[i]] = i;
    for (const char* name : kColumns) {
      if (!columns_.contains(name)) {
        throw input_error("'{}' has no column '{}'", path.string(), name);
      }
    }
    for (const Row& row : rows_) {
      if (row.size() != rows_.front().size()) {
        throw input_error("'{}': rows have different lengths", path.string());
      }
    }
  }

  [[nodiscard]] size_t size() const { return rows_.size() - 1; }
  [[nodiscard]] const std::string& text(size_t row, std::string_view column) const {
    return rows_[row + 1][columns_.find(column)->second];
  }
  // 0 for a cell without a number.
  [[nodiscard]] double number(size_t row, std::string_view column) const {
    return parse_number<double>(text(row, column)).value_or(0);
  }

 private:
  static constexpr const char* kColumns[] = {"epoch",
                                             "updates",
                                             "learning_rate",
                                             "seconds",
                                             "task",
                                             "weight",
                                             "train_labels",
                                             "train_loss",
                                             "train_accuracy",
                                             "train_top5_accuracy",
                                             "validation_labels",
                                             "validation_loss",
                                             "validation_accuracy",
                                             "validation_top5_accuracy",
                                             "score"};

  std::vector<Row> rows_;
  std::map<std::string, size_t, std::less<>> columns_;
};

// `part`: "train" or "validation".
MetricSums sums_of(const MetricsTable& table, size_t row, const std::string& part) {
  const double labels = table.number(row, part + "_labels");
  const auto count = [&](const char* name) {  // of labels, so a whole number
    return std::round(labels * table.number(row, part + name));
  };
  return {.weight = labels,
          .correct = count("_accuracy"),
          .top_k = count("_top5_accuracy"),
          .loss = labels * table.number(row, part + "_loss")};
}

}  // namespace

std::string metrics_csv(std::span<const EpochReport> history, const std::vector<Task>& tasks) {
  std::string text = "epoch,updates,learning_rate,seconds,task,weight";
  for (const char* part : {"train", "validation"}) {
    text += fmt::format(",{0}_labels,{0}_loss,{0}_accuracy,{0}_top5_accuracy", part);
  }
  text += ",score\n";
  for (const EpochReport& epoch : history) {
    for (size_t task = 0; task < tasks.size(); ++task) {
      text += fmt::format("{},{},{},{:.3f},{},{},{},{},{}\n", epoch.epoch, epoch.updates,
                          epoch.learning_rate, epoch.seconds, csv_field(tasks[task].name),
                          epoch.task_weights[task], cells(epoch.train, task, tasks[task]),
                          cells(epoch.validation, task, tasks[task]),
                          epoch.score ? fmt::format("{}", *epoch.score) : "");
    }
  }
  return text;
}

Metrics read_metrics(const std::filesystem::path& path) {
  const MetricsTable table(path);
  Metrics metrics;
  std::vector<EpochReport>& history = metrics.history;
  for (size_t row = 0; row < table.size(); ++row) {
    const int epoch = static_cast<int>(table.number(row, "epoch"));
    if (history.empty() || history.back().epoch != epoch) {
      history.push_back({.epoch = epoch,
                         .updates = static_cast<int64_t>(table.number(row, "updates")),
                         .learning_rate = table.number(row, "learning_rate"),
                         .seconds = table.number(row, "seconds"),
                         .train = {},
                         .validation = {},
                         .task_weights = {},
                         .score = parse_number<double>(table.text(row, "score"))});
    }
    if (history.size() == 1) metrics.tasks.push_back(table.text(row, "task"));
    history.back().task_weights.push_back(table.number(row, "weight"));
    history.back().train.push_back(sums_of(table, row, "train"));
    history.back().validation.push_back(sums_of(table, row, "validation"));
  }
  return metrics;
}

}  // namespace orthrus
