#include "cli/evaluate_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace orthrus {

namespace {

using ReportJson = nlohmann::ordered_json;

constexpr size_t kMostListedClasses = 100;

// NaN of nothing.
double share(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole)
                   : std::numeric_limits<double>::quiet_NaN();
}

std::string figure(double value) {
  return std::isnan(value) ? "-" : fmt::format("{:.4f}", value);
}

// The wrong answer that a class gets most often; the lower one between equals.
std::string most_taken_for(const Task& task, const TaskReport& report, int64_t label) {
  int64_t answer = -1, most = 0;
  for (auto it = report.confusion.lower_bound({label, 0});
       it != report.confusion.end() && it->first.first == label; ++it) {
    if (it->first.second == label || it->second <= most) continue;
    most = it->second;
    answer = it->first.second;
  }
  return answer < 0 ? "" : fmt::format("{} ({})", task.class_name(answer), most);
}

void print_softmax_class(std::FILE* out, const Task& task, const TaskReport& report, size_t k,
                         size_t width) {
  const ClassTally& tally = report.classes[k];
  const auto label = static_cast<int64_t>(k);
  fmt::print(out, "  {:<{}}  {:>8}  {:>9}  {:>6}  {:>6}  {}\n", task.class_name(label), width,
             tally.labels, figure(tally.precision()), figure(tally.recall()), figure(tally.f1()),
             most_taken_for(task, report, label));
}

void print_multilabel_class(std::FILE* out, const Task& task, const TaskReport& report, size_t k,
                            size_t width) {
  const ClassTally& tally = report.classes[k];
  fmt::print(out, "  {:<{}}  {:>8}  {:>8}  {:>9}  {:>6}  {:>6}  {:>6}  {:>7}\n",
             task.class_name(static_cast<int64_t>(k)), width, tally.labels, report.labelled[k],
             figure(tally.precision()), figure(tally.recall()), figure(tally.f1()),
             figure(report.average_precision[k]), figure(report.roc_auc[k]));
}

void print_classes(std::FILE* out, const Task& task, const TaskReport& report) {
  const size_t shown = std::min(report.classes.size(), kMostListedClasses);
  size_t width = 5;
  for (size_t k = 0; k < shown; ++k) {
    width = std::max(width, task.class_name(static_cast<int64_t>(k)).size());
  }
  const bool multilabel = task.kind == TaskKind::kMultilabel;
  if (multilabel) {
    fmt::print(out, "  {:<{}}  {:>8}  {:>8}  {:>9}  {:>6}  {:>6}  {:>6}  {:>7}\n", "class", width,
               "yes", "labelled", "precision", "recall", "F1", "AP", "ROC-AUC");
  } else {
    fmt::print(out, "  {:<{}}  {:>8}  {:>9}  {:>6}  {:>6}  {}\n", "class", width, "images",
               "precision", "recall", "F1", "most taken for");
  }
  for (size_t k = 0; k < shown; ++k) {
    (multilabel ? print_multilabel_class : print_softmax_class)(out, task, report, k, width);
  }
  if (shown < report.classes.size()) {
    fmt::print(out, "  and {} classes more; --json has all\n", report.classes.size() - shown);
  }
}

void print_baseline(std::FILE* out, const BaselineComparison& comparison) {
  fmt::print(out, "\nagainst the baseline\n");
  fmt::print(out, "  {:<17}  {:>8}  {:>8}  {:>8}\n", "task", "accuracy", "baseline", "change");
  for (const BaselineTask& task : comparison.tasks) {
    fmt::print(out, "  {:<17}  {:>8}  {:>8}  {:>+7.2f}%\n", task.task, figure(task.accuracy),
               figure(task.baseline), 100 * task.change());
  }
  fmt::print(out, "  {:<17}  {:>8}  {:>8}  {:>+7.2f}%\n", "delta_p", "", "",
             100 * comparison.delta_p());
}

// How many answers are left, and how many of these are right, when less sure ones are not given.
void print_coverage(std::FILE* out, const TaskReport& report) {
  if (report.coverage.empty() || report.pictures == 0) return;
  fmt::print(out, "\n  {:<17}", "min. confidence");
  for (const Coverage& part : report.coverage) fmt::print(out, "  {:>6}", part.confidence);
  fmt::print(out, "\n  {:<17}", "answered");
  for (const Coverage& part : report.coverage) {
    fmt::print(out, "  {:>6}", figure(share(part.answers, report.pictures)));
  }
  fmt::print(out, "\n  {:<17}", "of these right");
  for (const Coverage& part : report.coverage) {
    fmt::print(out, "  {:>6}", figure(share(part.right, part.answers)));
  }
  fmt::print(out, "\n");
}

void print_report(std::FILE* out, const Task& task, const TaskReport& report) {
  fmt::print(out, "{}: images {}", task.name, report.pictures);
  if (report.unlabelled > 0) fmt::print(out, ", without a label {}", report.unlabelled);
  fmt::print(out, "\n");
  for (const TaskFigure& entry : task_figures()) {
    if (!entry.belongs_to(task)) continue;
    fmt::print(out, "  {:<17}  {}\n", entry.title, figure(report.*entry.value));
  }
  if (task.temperature != 1) {
    fmt::print(out, "  before calibration  {} (temperature {:.3f})\n",
               figure(report.uncalibrated_error), task.temperature);
  }
  print_coverage(out, report);
  fmt::print(out, "\n");
  print_classes(out, task, report);
}

void print_consistency(std::FILE* out, const std::vector<Task>& tasks,
                       const std::vector<ConsistencyReport>& reports) {
  fmt::print(out, "\nanswered together (predict --consistent)\n");
  fmt::print(out, "  {:<17}  {:<17}  {:>14}  {:>9}  {:>8}  {:>9}\n", "task", "derived from",
             "contradictions", "together", "accuracy", "together");
  for (const ConsistencyReport& report : reports) {
    const bool root = report.task == report.root;
    fmt::print(out, "  {:<17}  {:<17}  {:>14}  {:>9}  {:>8}  {:>9}\n", tasks[report.task].name,
               root ? "" : tasks[report.root].name,
               root ? "" : std::to_string(report.contradictions),
               root ? "" : std::to_string(report.contradictions_together),
               figure(share(report.right, report.labelled)),
               figure(share(report.right_together, report.labelled)));
  }
}

ReportJson number(double value) {
  return std::isnan(value) ? ReportJson() : ReportJson(value);
}

ReportJson classes_json(const Task& task, const TaskReport& report) {
  ReportJson list = ReportJson::array();
  for (size_t k = 0; k < report.classes.size(); ++k) {
    const ClassTally& tally = report.classes[k];
    ReportJson entry = {{"class", task.class_name(static_cast<int64_t>(k))},
                        {"images", tally.labels},
                        {"answers", tally.answers},
                        {"right", tally.right},
                        {"precision", number(tally.precision())},
                        {"recall", number(tally.recall())},
                        {"f1", number(tally.f1())}};
    if (task.kind == TaskKind::kMultilabel) {
      entry["labelled"] = report.labelled[k];
      entry["average_precision"] = number(report.average_precision[k]);
      entry["roc_auc"] = number(report.roc_auc[k]);
    }
    list.push_back(std::move(entry));
  }
  return list;
}

ReportJson reliability_json(const TaskReport& report) {
  ReportJson list = ReportJson::array();
  for (const CalibrationError::Bin& bin : report.reliability) {
    if (bin.answers == 0) continue;
    const auto answers = static_cast<double>(bin.answers);
    list.push_back({{"answers", bin.answers},
                    {"confidence", bin.confidence / answers},
                    {"right", static_cast<double>(bin.right) / answers}});
  }
  return list;
}

ReportJson coverage_json(const TaskReport& report) {
  ReportJson list = ReportJson::array();
  for (const Coverage& part : report.coverage) {
    list.push_back({{"min_confidence", part.confidence},
                    {"answered", number(share(part.answers, report.pictures))},
                    {"right", number(share(part.right, part.answers))}});
  }
  return list;
}

ReportJson consistency_json(const std::vector<Task>& tasks, const ConsistencyReport& report) {
  ReportJson json = {{"task", tasks[report.task].name},
                     {"accuracy", number(share(report.right, report.labelled))},
                     {"accuracy_together", number(share(report.right_together, report.labelled))}};
  if (report.task == report.root) return json;
  json["derived_from"] = tasks[report.root].name;
  json["images"] = report.pictures;
  json["contradictions"] = report.contradictions;
  json["contradictions_together"] = report.contradictions_together;
  return json;
}

ReportJson baseline_json(const BaselineComparison& comparison) {
  ReportJson json = {{"delta_p", comparison.delta_p()}, {"tasks", ReportJson::array()}};
  for (const BaselineTask& task : comparison.tasks) {
    json["tasks"].push_back({{"task", task.task},
                             {"accuracy", task.accuracy},
                             {"baseline", task.baseline},
                             {"change", task.change()}});
  }
  return json;
}

ReportJson report_json(const Task& task, const TaskReport& report) {
  const bool multilabel = task.kind == TaskKind::kMultilabel;
  ReportJson json = {{"task", task.name},
                     {"kind", kind_name(task.kind)},
                     {"images", report.pictures},
                     {"without_label", report.unlabelled}};
  for (const TaskFigure& entry : task_figures()) {
    if (entry.belongs_to(task)) json[std::string(entry.key)] = number(report.*entry.value);
  }
  if (task.temperature != 1) {
    json["temperature"] = task.temperature;
    json["calibration_error_before"] = number(report.uncalibrated_error);
  }
  json["reliability"] = reliability_json(report);
  if (!multilabel) json["coverage"] = coverage_json(report);
  json["classes"] = classes_json(task, report);
  if (multilabel) return json;
  json["confusion"] = ReportJson::array();
  for (const auto& [place, count] : report.confusion) {
    json["confusion"].push_back({place.first, place.second, count});
  }
  return json;
}

}  // namespace

void print_reports(std::FILE* out, const Model& model, const ModelReport& report) {
  for (size_t task = 0; task < report.tasks.size(); ++task) {
    if (task > 0) fmt::print(out, "\n");
    print_report(out, model.tasks[task], report.tasks[task]);
  }
  if (!report.consistency.empty()) print_consistency(out, model.tasks, report.consistency);
  if (!report.baseline.tasks.empty()) print_baseline(out, report.baseline);
}

std::string reports_json(const Model& model, const ModelReport& report) {
  ReportJson result = {{"model", model.origin}, {"tasks", ReportJson::array()}};
  for (size_t task = 0; task < report.tasks.size(); ++task) {
    result["tasks"].push_back(report_json(model.tasks[task], report.tasks[task]));
  }
  if (!report.consistency.empty()) result["consistency"] = ReportJson::array();
  for (const ConsistencyReport& entry : report.consistency) {
    result["consistency"].push_back(consistency_json(model.tasks, entry));
  }
  if (!report.baseline.tasks.empty()) result["baseline"] = baseline_json(report.baseline);
  // A path or a class name need not be UTF-8, but JSON must be: such bytes are replaced.
  return result.dump(2, ' ', false, ReportJson::error_handler_t::replace) + "\n";
}

}  // namespace orthrus
