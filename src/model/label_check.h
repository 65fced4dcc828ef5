// A list's labels against the tasks that will read them, before anything is computed, and class
// names on their way between the two.
#pragma once

#include <string>
#include <vector>

#include "data/pictures.h"
#include "tasks/task.h"

namespace orthrus {

// Throws kInput with the places of the first ten labels that are no class of a task, and how many
// there are in all.
void check_labels(const Pictures& pictures, const std::vector<Task>& tasks);

// What the tasks know about the list's label columns: the class names of those whose label is the
// class itself. Reading a list with it gives its texts and folders these tasks' numbers.
[[nodiscard]] std::vector<LabelColumn> named_columns(const std::vector<Task>& tasks);

// Names of the list's label columns; empty where its source names none.
[[nodiscard]] std::vector<std::string> column_names(const ImageList& list);

// Gives each task that has no class names those of its label column, where the list has some, and
// their number where the task leaves its classes to the data. Throws kInput when their number is
// not the task's number of classes, kUsage when a task's classes are known from nowhere.
void take_class_names(const ImageList& list, std::vector<Task>& tasks);

}  // namespace orthrus
