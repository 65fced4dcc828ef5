// What a training's data and options say that was hardly meant: classes without an image, labels
// that are all the same or count from 1, too few updates. Nothing of it stops the training.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/label_counts.h"
#include "tasks/task.h"
#include "train/run.h"

namespace orthrus {

// A line each. `training`: the counts of the training list, of each task; `images`: how many an
// epoch has.
[[nodiscard]] std::vector<std::string> data_warnings(const std::vector<Task>& tasks,
                                                     const std::vector<LabelCounts>& training,
                                                     size_t images, const TrainRequest& request);

}  // namespace orthrus
