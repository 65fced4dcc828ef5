#include "train/plan_feed.h"

#include <algorithm>

#include "base/error.h"

namespace orthrus {

PlanFeed::PlanFeed(Plan& plan, const std::string& input, const std::vector<Task>& tasks, bool mixes)
    : mixes_(mixes), images_(plan.input(input)) {
  for (const Task& task : tasks) {
    batches_.emplace_back(task, plan, static_cast<int>(batches_.size()));
  }
}

void PlanFeed::feed(const Batch& batch) {
  const std::span<const float> pixels = batch.images.data();
  if (pixels.size() != images_.size()) {
    throw internal_error("a batch of {} does not fit the plan", batch.images.shape().to_string());
  }
  std::ranges::copy(pixels, images_.begin());
  if (!batch.partners.empty() && !mixes_) {
    throw usage_error("the pictures of this batch were mixed in pairs")
        .with_hint("give the --mixup and --cutmix that the training had");
  }
  for (TaskBatch& task : batches_) task.read(batch);
}

}  // namespace orthrus
