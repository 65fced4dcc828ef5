// metrics.csv: the figures of a training's epochs, a row for each epoch and task.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "tasks/task.h"
#include "train/history.h"

namespace orthrus {

// A header and the rows. Numbers are written so that they read back exactly; a cell is empty where
// there is no value.
[[nodiscard]] std::string metrics_csv(std::span<const EpochReport> history,
                                      const std::vector<Task>& tasks);

struct Metrics {
  std::vector<std::string> tasks;    // their names
  std::vector<EpochReport> history;  // sums from the means that the file has
};

// Throws kInput when the file cannot be read, or is no such table.
[[nodiscard]] Metrics read_metrics(const std::filesystem::path& path);

}  // namespace orthrus
