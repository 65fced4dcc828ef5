#include "cli/evaluate_baseline.h"

#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"

namespace orthrus {
namespace {

using BaselineJson = nlohmann::ordered_json;

// Accuracies by task; those that are not defined are left out.
void read_accuracies(const std::string& file, std::map<std::string, double>& accuracies) {
  const std::string text = read_text(file);
  try {
    const BaselineJson json = BaselineJson::parse(text);
    for (const BaselineJson& task : json.at("tasks")) {
      const BaselineJson& accuracy = task.at("accuracy");
      if (!accuracy.is_null())
        accuracies[task.at("task").get<std::string>()] = accuracy.get<double>();
    }
  } catch (const BaselineJson::exception&) {
    throw input_error("'{}' is not what evaluate writes with --json or --out", file)
        .with_hint("orthrus evaluate MODEL --data-val LIST --out DIR writes DIR/figures.json");
  }
}

}  // namespace

double BaselineComparison::delta_p() const {
  double sum = 0;
  for (const BaselineTask& task : tasks) sum += task.change();
  return sum / static_cast<double>(tasks.size());
}

void check_baseline(std::span<const std::string> files) {
  std::map<std::string, double> ignored;
  for (const std::string& file : files) read_accuracies(file, ignored);
}

BaselineComparison compare_with(std::span<const std::string> files, const std::vector<Task>& tasks,
                                const std::vector<TaskReport>& reports) {
  BaselineComparison comparison;
  if (files.empty()) return comparison;
  std::map<std::string, double> accuracies;
  for (const std::string& file : files) read_accuracies(file, accuracies);
  for (size_t i = 0; i < tasks.size(); ++i) {
    const auto found = accuracies.find(tasks[i].name);
    if (found == accuracies.end() || found->second <= 0 || reports[i].pictures == 0) continue;
    comparison.tasks.push_back(
        {.task = tasks[i].name, .accuracy = reports[i].accuracy, .baseline = found->second});
  }
  if (!comparison.tasks.empty()) return comparison;
  std::vector<std::string> names;
  for (const auto& [name, accuracy] : accuracies) names.push_back(name);
  throw input_error("none of the model's tasks is in {}", fmt::join(files, ", "))
      .with_hint(fmt::format("the tasks there are: {}", fmt::join(names, ", ")));
}

}  // namespace orthrus
