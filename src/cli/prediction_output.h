// What `orthrus predict` prints of each picture: lines for people and scripts, rows of a CSV table,
// or JSON Lines.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "base/options.h"
#include "infer/predict.h"
#include "tasks/task.h"

namespace orthrus {

struct PredictionFormat {
  enum class Kind {
    kText,  // path, task, class, probability; separated by tabs
    kCsv,   // a header, then one row for each picture
    kJson,  // one object for each picture
  };
  Kind kind = Kind::kText;
  size_t top = 1;          // how many classes are shown
  bool top_given = false;  // JSON has all classes otherwise
  // Of each task: a less probable answer is "not sure". Empty: every answer is sure.
  std::vector<double> min_confidence;
};

// --csv, --json, --top, --min-confidence
[[nodiscard]] std::vector<OptionSpec> prediction_output_options();
// Throws kUsage: both --csv and --json, a confidence that is none, or of a task that is not there
// or has no single answer.
[[nodiscard]] PredictionFormat prediction_format(const Options& options,
                                                 const std::vector<Task>& tasks);

class PredictionPrinter {
 public:
  // `tasks` must outlive it.
  PredictionPrinter(std::FILE* out, const std::vector<Task>& tasks, PredictionFormat format);

  void print(const Prediction& prediction);

 private:
  void print_csv_header();
  void print_csv(const Prediction& prediction);
  void print_text(const Prediction& prediction);
  [[nodiscard]] std::string json_of(const Prediction& prediction) const;
  [[nodiscard]] bool is_sure(const Prediction& prediction, size_t task) const;

  std::FILE* out_;
  const std::vector<Task>& tasks_;
  PredictionFormat format_;
};

}  // namespace orthrus
