// TaskBatch: one task's side of a training step: its labels go into the plan as the loss operator
// takes them, its answers come out as probabilities of classes.
#pragma once

#include <span>
#include <vector>

#include "data/batch.h"
#include "exec/plan.h"
#include "tasks/label_reader.h"
#include "tasks/metrics.h"
#include "tasks/task.h"

namespace orthrus {

class TaskBatch {
 public:
  // The task that `plan` answers with that output; the plan must outlive it.
  TaskBatch(const Task& task, Plan& plan, int output);

  // Labels of a batch and their weights into the plan, of mixed pictures both. Of an ordinal task a
  // pair takes part in the questions that both labels reach. Throws kInput for a label that is no
  // class.
  void read(const Batch& batch);
  // Scales the weights that read() has written.
  void scale_weights(double factor);

  // After forward: what is added to the training's metrics.
  [[nodiscard]] MetricSums metrics();
  // The loss of tasks/loss.h; NaN without a label.
  [[nodiscard]] double loss() const;

 private:
  void ask_for_inputs();

  Task task_;
  Task loss_task_;
  LabelReader reader_;
  Plan& plan_;
  int output_;
  // Inputs of the plan as ask_for_inputs() found them; the others, of the second label of mixed
  // pictures, may be empty.
  std::span<float> targets_, weights_, other_targets_, other_weights_;
  std::vector<float> labels_, present_;  // of the task; of a mixed pair the one with more share
  std::vector<float> target_present_;    // 1 for a target that is there
  std::vector<float> shares_;            // of mixed pairs; empty: none are mixed
  std::vector<float> probabilities_;     // of an ordinal task
};

}  // namespace orthrus
