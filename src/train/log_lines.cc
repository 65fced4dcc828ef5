#include "train/log_lines.h"

#include <fmt/format.h>

namespace orthrus {

std::string speed_line(int epoch, int64_t batch, double pictures_per_second,
                       std::span<const MetricSums> tasks) {
  std::string line = fmt::format("Epoch[{}] Batch [{}]\tSpeed: {:.2f} samples/sec", epoch, batch,
                                 pictures_per_second);
  for (size_t task = 0; task < tasks.size(); ++task) {
    line += fmt::format("\tmulti_accuracy-task{}={:.6f}", task, tasks[task].accuracy());
  }
  return line;
}

std::vector<std::string> metric_lines(int epoch, std::string_view part,
                                      std::span<const MetricSums> tasks) {
  std::vector<std::string> lines;
  for (size_t task = 0; task < tasks.size(); ++task) {
    lines.push_back(fmt::format("Epoch[{}] {}-multi_accuracy-task{}={:.6f}", epoch, part, task,
                                tasks[task].accuracy()));
  }
  return lines;
}

std::string time_line(int epoch, double seconds) {
  return fmt::format("Epoch[{}] Time cost={:.3f}", epoch, seconds);
}

std::string weights_line(int epoch, const std::vector<Task>& tasks,
                         std::span<const double> weights) {
  std::string line = fmt::format("epoch {}: weights of the losses:", epoch);
  for (size_t task = 0; task < tasks.size(); ++task) {
    line += fmt::format("{} {} {:.6g}", task == 0 ? "" : ",", tasks[task].name, weights[task]);
  }
  return line;
}

std::string saved_line(std::string_view path) {
  return fmt::format("Saved checkpoint to \"{}\"", path);
}

}  // namespace orthrus
