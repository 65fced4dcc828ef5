// What `orthrus evaluate` writes: a table for people, JSON for programs.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "cli/evaluate_baseline.h"
#include "model/model.h"
#include "tasks/consistency.h"
#include "tasks/evaluation.h"

namespace orthrus {

struct ModelReport {
  std::vector<TaskReport> tasks;  // as the model's
  std::vector<ConsistencyReport> consistency;
  BaselineComparison baseline;
};

// A part for each task: its figures, then a line for each class, at most 100.
void print_reports(std::FILE* out, const Model& model, const ModelReport& report);

// {"model": ..., "tasks": [{"task": ..., "images": ..., "accuracy": ..., "classes": [...]}]}; null
// where a figure is not defined. docs/tasks.md describes the keys.
[[nodiscard]] std::string reports_json(const Model& model, const ModelReport& report);

}  // namespace orthrus
