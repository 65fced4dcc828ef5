// Task: one question that the network answers about a picture, with its head (the last layer), its
// loss and the rule that makes its label from the list's columns. A value; the graph nodes that
// belong to it are made by tasks/heads.h, its figures by tasks/metrics.h.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace orthrus {

enum class LabelRule {
  kIdentity,  // the column's value is the class
  kPositive,  // 1 where the column's value is over zero, else 0
};

struct Task {
  std::string name = {};  // of its loss layer and thus of its output: "softmax"
  std::string head = {};  // of its fully connected layer: "fc"
  int64_t classes = 0;
  int label_column = 0;  // of the list, from 0
  LabelRule rule = LabelRule::kIdentity;
  std::vector<std::string> class_names = {};  // empty, or one for each class

  // Name of a class for people: its class name, else its number.
  [[nodiscard]] std::string class_name(int64_t index) const;
  [[nodiscard]] std::string label_input() const { return name + "_label"; }
  [[nodiscard]] std::string weight_input() const { return name + "_sample_weight"; }
  bool operator==(const Task&) const = default;
};

// The tasks of the multi-task-MXNet script: `softmax` (head `fc`) with `num_classes` classes from
// the first label column, and `softmax_multitask` (head `fc_multitask`): whether that label is over
// 0.
[[nodiscard]] std::vector<Task> classic_tasks(int64_t num_classes);

// What is wrong with a row of label columns for this task ("label 7 of column 1 is not a class of
// task 'softmax' (0 to 3)"), or empty. A missing label (NaN) is not wrong.
[[nodiscard]] std::string label_problem(const Task& task, std::span<const float> columns);

// Labels and weights of a batch. `labels` is (N, columns), `count` the number of pictures that
// count; the rest is fill and gets weight zero. A missing label gets class 0 and weight 0.
// dst_labels and dst_weights hold N values each. Throws kInput for a label that is no class.
void derive_labels(const Task& task, const Tensor& labels, int count, std::span<float> dst_labels,
                   std::span<float> dst_weights);

}  // namespace orthrus
