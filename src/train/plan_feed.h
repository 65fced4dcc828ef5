// PlanFeed: hands batches to a plan for training: what the network reads, the tasks' labels, and
// how much each label counts.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/batch.h"
#include "exec/plan.h"
#include "tasks/label_reader.h"
#include "tasks/task.h"

namespace orthrus {

class PlanFeed {
 public:
  // Of one task, as last fed.
  struct Labels {
    LabelReader reader;
    std::span<float> labels;  // inputs of the plan
    std::span<float> weights;
    std::vector<float> present;  // 1 for a label that is there
    // Inputs of the loss of the second label, where pictures are mixed; else empty.
    std::span<float> other_labels;
    std::span<float> other_weights;
  };

  // Keeps references to the tasks and to the plan's inputs. `mixes`: the plan has losses of second
  // labels (tasks/heads.h, training_graph).
  PlanFeed(Plan& plan, const std::string& input, const std::vector<Task>& tasks, bool mixes);

  // Throws kInput for a label that is no class, kUsage for mixed pictures where none are expected,
  // kInternal for a batch of another size.
  void feed(const Batch& batch);
  [[nodiscard]] Labels& of(size_t task) { return labels_[task]; }
  [[nodiscard]] const Labels& of(size_t task) const { return labels_[task]; }

 private:
  const std::vector<Task>& tasks_;
  bool mixes_;
  std::span<float> images_;
  std::vector<Labels> labels_;
};

}  // namespace orthrus
