#include "train/plan_feed.h"

#include <algorithm>

#include "base/error.h"
#include "tasks/heads.h"
#include "tasks/loss.h"

namespace orthrus {

PlanFeed::PlanFeed(Plan& plan, const std::string& input, const std::vector<Task>& tasks, bool mixes)
    : tasks_(tasks), mixes_(mixes), images_(plan.input(input)) {
  for (const Task& task : tasks) {
    const std::span<float> labels = plan.input(task.label_input());
    labels_.push_back({.reader = LabelReader(task),
                       .labels = labels,
                       .weights = plan.input(task.weight_input()),
                       .present = std::vector<float>(labels.size()),
                       .other_labels = {},
                       .other_weights = {}});
    if (!mixes) continue;
    const Task twin = mixed_twin(task);
    labels_.back().other_labels = plan.input(twin.label_input());
    labels_.back().other_weights = plan.input(twin.weight_input());
  }
}

void PlanFeed::feed(const Batch& batch) {
  const std::span<const float> pixels = batch.images.data();
  if (pixels.size() != images_.size()) {
    throw internal_error("a batch of {} does not fit the plan", batch.images.shape().to_string());
  }
  std::ranges::copy(pixels, images_.begin());
  for (size_t task = 0; task < tasks_.size(); ++task) {
    Labels& own = labels_[task];
    own.reader.read_batch(batch.labels, batch.count, own.labels, own.present);
    if (batch.partners.empty()) {
      loss_weights(tasks_[task], own.labels, own.present, batch.count, own.weights);
      std::ranges::fill(own.other_labels, 0.0F);
      std::ranges::fill(own.other_weights, 0.0F);
      continue;
    }
    if (!mixes_) {
      throw usage_error("the pictures of this batch were mixed in pairs")
          .with_hint("give the --mixup and --cutmix that the training had");
    }
    mix_labels(tasks_[task], batch.partners, batch.shares, batch.count,
               {.labels = own.labels,
                .present = own.present,
                .weights = own.weights,
                .other_labels = own.other_labels,
                .other_weights = own.other_weights});
  }
}

}  // namespace orthrus
