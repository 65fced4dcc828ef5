// A list's labels against the tasks that will read them, before anything is computed.
#pragma once

#include <string>
#include <vector>

#include "data/pictures.h"
#include "tasks/task.h"

namespace orthrus {

// What an error about labels says besides.
struct LabelAdvice {
  std::string classes_file = {};  // that says how many classes there are, and nothing else does
  std::string hint = {};
};

// Throws kInput with the places of the first ten labels that are no class of a task, and how many
// there are in all. Where the number of classes comes from a file alone, that file is named with
// the first of them.
void check_labels(const Pictures& pictures, const std::vector<Task>& tasks,
                  const LabelAdvice& advice = {});

// Moves the labels of a list bound for `from` (model/label_binding.h) to the positions of the same
// tasks in `to`, in rows of `width` labels. The labels are checked.
void move_labels(Pictures& pictures, const std::vector<Task>& from, const std::vector<Task>& to,
                 int width);

}  // namespace orthrus
