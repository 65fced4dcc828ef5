#include "cli/prediction_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/suggest.h"
#include "cli/model_argument.h"
#include "data/csv.h"

namespace orthrus {
namespace {

using PredictionJson = nlohmann::ordered_json;

constexpr const char* kNotSure = "not sure";

bool is_multilabel(const Task& task) {
  return task.kind == TaskKind::kMultilabel;
}

// Where each class of a multilabel task is a yes or no of its own.
bool is_yes(float probability) {
  return probability >= 0.5F;
}

// The answer, then the other classes from the most probable on, `most` in all; between equals the
// lower one first. Of a multilabel task there is no answer that goes first.
std::vector<size_t> ranking(const Task& task, const Prediction& prediction, size_t index,
                            size_t most) {
  const std::vector<float>& row = prediction.probabilities[index];
  std::vector<size_t> order(row.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (!is_multilabel(task)) {
    std::swap(order.front(), order[static_cast<size_t>(prediction.answers[index])]);
  }
  const auto first = order.begin() + (is_multilabel(task) ? 0 : 1);
  const size_t shown = std::min(order.size(), most);
  std::partial_sort(
      first, order.begin() + static_cast<std::ptrdiff_t>(std::max<size_t>(shown, 1)), order.end(),
      [&](size_t a, size_t b) { return row[a] > row[b] || (row[a] == row[b] && a < b); });
  order.resize(shown);
  return order;
}

PredictionJson class_json(const Task& task, const std::vector<float>& row, size_t index) {
  return {{"class", task.class_name(static_cast<int64_t>(index))}, {"probability", row[index]}};
}

double confidence_of(const Options& options, const std::string& text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure == std::errc() && end == text.data() + text.size() && value >= 0 && value <= 1) {
    return value;
  }
  throw usage_error("{}: '{}' is no probability from 0 to 1", options.where("min_confidence"), text)
      .with_hint("--min-confidence 0.8 for every task, or --min-confidence kind=0.9,size=0.6");
}

size_t task_named(const Options& options, const std::vector<Task>& tasks, const std::string& name) {
  const auto found = std::ranges::find(tasks, name, &Task::name);
  std::vector<std::string> names;
  for (const Task& task : tasks) names.push_back(task.name);
  if (found == tasks.end()) {
    std::string hint = did_you_mean(name, names);
    if (hint.empty()) hint = fmt::format("its tasks are: {}", fmt::join(names, ", "));
    throw usage_error("{}: the model has no task '{}'", options.where("min_confidence"), name)
        .with_hint(std::move(hint));
  }
  if (is_multilabel(*found)) {
    throw usage_error("{}: '{}' is multilabel: its answers have no single probability",
                      options.where("min_confidence"), name);
  }
  return static_cast<size_t>(found - tasks.begin());
}

std::vector<double> min_confidences(const Options& options, const std::vector<Task>& tasks) {
  if (!options.has("min_confidence")) return {};
  std::vector<double> all(tasks.size(), 0.0);
  for (const std::string& text : options.list("min_confidence")) {
    const size_t sign = text.rfind('=');
    if (sign == std::string::npos) {
      std::ranges::fill(all, confidence_of(options, text));
    } else {
      all[task_named(options, tasks, text.substr(0, sign))] =
          confidence_of(options, text.substr(sign + 1));
    }
  }
  return all;
}

}  // namespace

std::vector<OptionSpec> prediction_output_options() {
  return {
      json_option(),
      {.key = "csv",
       .flag = "--csv",
       .type = OptionType::kBoolean,
       .default_text = "off",
       .help = "Print a CSV table: a row for each picture, for each task the class and its "
               "probability.",
       .group = "Output"},
      {.key = "top",
       .flag = "--top",
       .type = OptionType::kInteger,
       .default_text = "1",
       .min = 1,
       .max = 1e6,
       .help = "Print the N most probable classes of each task; JSON has all when not given.",
       .group = "Output"},
      {.key = "min_confidence",
       .flag = "--min-confidence",
       .type = OptionType::kList,
       .value_name = "P|TASK=P,...",
       .help = "Answers less probable than this are 'not sure' (CSV: an empty cell).",
       .group = "Output"},
  };
}

PredictionFormat prediction_format(const Options& options, const std::vector<Task>& tasks) {
  PredictionFormat format{.top = static_cast<size_t>(options.integer("top")),
                          .top_given = options.given("top"),
                          .min_confidence = min_confidences(options, tasks)};
  const bool csv = options.boolean("csv"), json = options.boolean("json");
  if (csv && json) throw usage_error("--csv and --json: one of them");
  if (csv) format.kind = PredictionFormat::Kind::kCsv;
  if (json) format.kind = PredictionFormat::Kind::kJson;
  return format;
}

PredictionPrinter::PredictionPrinter(std::FILE* out, const std::vector<Task>& tasks,
                                     PredictionFormat format)
    : out_(out), tasks_(tasks), format_(std::move(format)) {
  if (format_.kind == PredictionFormat::Kind::kCsv) print_csv_header();
}

void PredictionPrinter::print(const Prediction& prediction) {
  switch (format_.kind) {
    case PredictionFormat::Kind::kText:
      print_text(prediction);
      break;
    case PredictionFormat::Kind::kCsv:
      print_csv(prediction);
      break;
    case PredictionFormat::Kind::kJson:
      fmt::print(out_, "{}\n", json_of(prediction));
      break;
  }
}

bool PredictionPrinter::is_sure(const Prediction& prediction, size_t task) const {
  if (format_.min_confidence.empty() || is_multilabel(tasks_[task])) return true;
  const auto answer = static_cast<size_t>(prediction.answers[task]);
  return prediction.probabilities[task][answer] >= format_.min_confidence[task];
}

// Of a multilabel task every class that is a yes, but at least `top`.
void PredictionPrinter::print_text(const Prediction& prediction) {
  for (size_t task = 0; task < tasks_.size(); ++task) {
    const std::vector<float>& row = prediction.probabilities[task];
    const bool sure = is_sure(prediction, task);
    size_t shown = sure ? format_.top : 1;
    if (is_multilabel(tasks_[task])) {
      shown = std::max(shown, static_cast<size_t>(std::ranges::count_if(row, is_yes)));
    }
    for (const size_t index : ranking(tasks_[task], prediction, task, shown)) {
      fmt::print(out_, "{}\t{}\t{}\t{:.6f}\n", prediction.path, tasks_[task].name,
                 sure ? tasks_[task].class_name(static_cast<int64_t>(index)) : kNotSure,
                 row[index]);
    }
  }
}

void PredictionPrinter::print_csv_header() {
  std::string line = "path";
  for (const Task& task : tasks_) {
    if (is_multilabel(task)) {
      for (int64_t k = 0; k < task.classes; ++k) {
        line += ',' + csv_field(fmt::format("{}_{}", task.name, task.class_name(k)));
      }
      continue;
    }
    const size_t shown = std::min(format_.top, static_cast<size_t>(task.classes));
    for (size_t rank = 1; rank <= shown; ++rank) {
      const std::string column = rank == 1 ? task.name : fmt::format("{}_{}", task.name, rank);
      line += fmt::format(",{},{}", csv_field(column), csv_field(column + "_probability"));
    }
  }
  fmt::print(out_, "{}\n", line);
}

void PredictionPrinter::print_csv(const Prediction& prediction) {
  std::string line = csv_field(prediction.path);
  for (size_t task = 0; task < tasks_.size(); ++task) {
    const std::vector<float>& row = prediction.probabilities[task];
    if (is_multilabel(tasks_[task])) {
      for (const float p : row) line += fmt::format(",{:.6f}", p);
      continue;
    }
    const bool sure = is_sure(prediction, task);
    for (const size_t index : ranking(tasks_[task], prediction, task, format_.top)) {
      const std::string name = tasks_[task].class_name(static_cast<int64_t>(index));
      line += fmt::format(",{},{:.6f}", sure ? csv_field(name) : "", row[index]);
    }
  }
  fmt::print(out_, "{}\n", line);
}

std::string PredictionPrinter::json_of(const Prediction& prediction) const {
  PredictionJson tasks = PredictionJson::object();
  for (size_t index = 0; index < tasks_.size(); ++index) {
    const Task& task = tasks_[index];
    const std::vector<float>& row = prediction.probabilities[index];
    PredictionJson entry = PredictionJson::object();
    if (is_multilabel(task)) {
      entry["yes"] = PredictionJson::array();
      for (size_t k = 0; k < row.size(); ++k) {
        if (is_yes(row[k])) entry["yes"].push_back(task.class_name(static_cast<int64_t>(k)));
      }
    } else {
      const int64_t answer = prediction.answers[index];
      entry = {{"label", answer},
               {"class", task.class_name(answer)},
               {"probability", row[static_cast<size_t>(answer)]}};
      if (!format_.min_confidence.empty()) entry["sure"] = is_sure(prediction, index);
    }
    entry["classes"] = PredictionJson::array();
    if (format_.top_given) {
      for (const size_t k : ranking(task, prediction, index, format_.top)) {
        entry["classes"].push_back(class_json(task, row, k));
      }
    } else {
      for (size_t k = 0; k < row.size(); ++k) entry["classes"].push_back(class_json(task, row, k));
    }
    tasks[task.name] = std::move(entry);
  }
  const PredictionJson json = {{"path", prediction.path}, {"tasks", std::move(tasks)}};
  // A path need not be UTF-8, but JSON must be: such bytes are replaced.
  return json.dump(-1, ' ', false, PredictionJson::error_handler_t::replace);
}

}  // namespace orthrus
