#include "cli/evaluate_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace orthrus {

namespace {

using ReportJson = nlohmann::ordered_json;

constexpr size_t kMostListedClasses = 100;

std::string figure(double value) {
  return std::isnan(value) ? "-" : fmt::format("{:.4f}", value);
}

// Name and value of each figure that the task has.
std::vector<std::pair<std::string, double>> figures_of(const Task& task, const TaskReport& report) {
  if (task.kind == TaskKind::kMultilabel) {
    return {{"accuracy", report.accuracy},    {"loss", report.loss},
            {"macro F1", report.macro_f1},    {"average precision", report.mean_average_precision},
            {"ROC-AUC", report.mean_roc_auc}, {"calibration error", report.calibration_error}};
  }
  return {{"accuracy", report.accuracy},
          {fmt::format("top-{}", MetricSums::kTopK), report.top_k},
          {"loss", report.loss},
          {"macro F1", report.macro_f1},
          {"balanced accuracy", report.balanced_accuracy},
          {"MCC", report.mcc},
          {"calibration error", report.calibration_error}};
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

void print_report(std::FILE* out, const Task& task, const TaskReport& report) {
  fmt::print(out, "{}: images {}", task.name, report.pictures);
  if (report.unlabelled > 0) fmt::print(out, ", without a label {}", report.unlabelled);
  fmt::print(out, "\n");
  for (const auto& [name, value] : figures_of(task, report)) {
    fmt::print(out, "  {:<17}  {}\n", name, figure(value));
  }
  fmt::print(out, "\n");
  print_classes(out, task, report);
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

ReportJson report_json(const Task& task, const TaskReport& report) {
  const bool multilabel = task.kind == TaskKind::kMultilabel;
  ReportJson json = {{"task", task.name},
                     {"kind", multilabel ? "multilabel" : "softmax"},
                     {"images", report.pictures},
                     {"without_label", report.unlabelled},
                     {"accuracy", number(report.accuracy)},
                     {"loss", number(report.loss)},
                     {"macro_f1", number(report.macro_f1)},
                     {"calibration_error", number(report.calibration_error)}};
  if (multilabel) {
    json["mean_average_precision"] = number(report.mean_average_precision);
    json["mean_roc_auc"] = number(report.mean_roc_auc);
  } else {
    json["top5"] = number(report.top_k);
    json["balanced_accuracy"] = number(report.balanced_accuracy);
    json["mcc"] = number(report.mcc);
  }
  json["classes"] = classes_json(task, report);
  if (multilabel) return json;
  json["confusion"] = ReportJson::array();
  for (const auto& [place, count] : report.confusion) {
    json["confusion"].push_back({place.first, place.second, count});
  }
  return json;
}

}  // namespace

void print_reports(std::FILE* out, const Model& model, const std::vector<TaskReport>& reports) {
  for (size_t task = 0; task < reports.size(); ++task) {
    if (task > 0) fmt::print(out, "\n");
    print_report(out, model.tasks[task], reports[task]);
  }
}

std::string reports_json(const Model& model, const std::vector<TaskReport>& reports) {
  ReportJson tasks = ReportJson::array();
  for (size_t task = 0; task < reports.size(); ++task) {
    tasks.push_back(report_json(model.tasks[task], reports[task]));
  }
  const ReportJson result = {{"model", model.origin}, {"tasks", tasks}};
  // A path or a class name need not be UTF-8, but JSON must be: such bytes are replaced.
  return result.dump(2, ' ', false, ReportJson::error_handler_t::replace) + "\n";
}

}  // namespace orthrus
