// The files of `orthrus evaluate --out FOLDER`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/list.h"
#include "tasks/evaluation.h"
#include "tasks/mistakes.h"

namespace orthrus {

// Throws kResource where write_evaluation() could not write, before there is anything to be lost.
void check_evaluation_files(const std::filesystem::path& folder, const std::vector<Task>& tasks);

// figures.json: `json`; and for each task
//   TASK.confusion.csv  (softmax) a row for each class as label, a column for each as answer, of
//                       those that occur
//   TASK.mistakes.csv   every wrong answer, the least probable label first
//   TASK.suspects.csv   labels that are probably wrong, the most certain first
// Creates the folder; throws kResource.
void write_evaluation(const std::filesystem::path& folder, const std::string& json,
                      const ImageList& list, const std::vector<Task>& tasks,
                      const std::vector<TaskReport>& reports,
                      const std::vector<MistakeCollector>& mistakes);

}  // namespace orthrus
