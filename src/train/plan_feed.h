// PlanFeed: hands batches to a plan for training: what the network reads, the tasks' labels, and
// how much each label counts.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/batch.h"
#include "exec/plan.h"
#include "tasks/task.h"
#include "train/task_batch.h"

namespace orthrus {

class PlanFeed {
 public:
  // The plan must outlive it. `mixes`: the plan has losses of second
  // labels (tasks/heads.h, training_graph).
  PlanFeed(Plan& plan, const std::string& input, const std::vector<Task>& tasks, bool mixes);

  // Throws kInput for a label that is no class, kUsage for mixed pictures where none are expected,
  // kInternal for a batch of another size.
  void feed(const Batch& batch);
  [[nodiscard]] TaskBatch& of(size_t task) { return batches_[task]; }

 private:
  Plan& plan_;
  std::string input_;
  bool mixes_;
  std::vector<TaskBatch> batches_;
};

}  // namespace orthrus
