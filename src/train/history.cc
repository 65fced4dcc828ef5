#include "train/history.h"

#include <fmt/format.h>

namespace orthrus {
namespace {

// As RFC 4180 has it: quoted where a comma, a quote or a line end would mislead.
std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string cells(const std::vector<MetricSums>& tasks, size_t task) {
  if (task >= tasks.size() || tasks[task].weight <= 0) return ",,,";
  const MetricSums& sums = tasks[task];
  return fmt::format("{},{},{},{}", sums.weight, sums.mean_loss(), sums.accuracy(),
                     sums.top_k_accuracy());
}

}  // namespace

std::optional<double> score(const EpochReport& epoch) {
  if (epoch.validation.empty()) return std::nullopt;
  double sum = 0;
  for (const MetricSums& task : epoch.validation) sum += task.accuracy();
  return sum / static_cast<double>(epoch.validation.size());
}

int best_epoch(std::span<const EpochReport> history) {
  int best = -1;
  std::optional<double> highest;
  for (size_t i = 0; i < history.size(); ++i) {
    const std::optional<double> value = score(history[i]);
    if (value && highest && *value <= *highest) continue;
    if (!value && highest) continue;
    highest = value;
    best = static_cast<int>(i);
  }
  return best;
}

std::string metrics_csv(std::span<const EpochReport> history, const std::vector<Task>& tasks) {
  std::string text = "epoch,updates,learning_rate,seconds,task";
  for (const char* part : {"train", "validation"}) {
    text += fmt::format(",{0}_labels,{0}_loss,{0}_accuracy,{0}_top5_accuracy", part);
  }
  text += '\n';
  for (const EpochReport& epoch : history) {
    for (size_t task = 0; task < tasks.size(); ++task) {
      text += fmt::format("{},{},{},{:.3f},{},{},{}\n", epoch.epoch, epoch.updates,
                          epoch.learning_rate, epoch.seconds, cell(tasks[task].name),
                          cells(epoch.train, task), cells(epoch.validation, task));
    }
  }
  return text;
}

}  // namespace orthrus
