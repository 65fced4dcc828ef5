#include "train/plan_feed.h"

#include <algorithm>

#include "base/error.h"
#include "base/threads.h"

namespace orthrus {

PlanFeed::PlanFeed(Plan& plan, const std::string& input, const std::vector<Task>& tasks, bool mixes)
    : plan_(plan), input_(input), mixes_(mixes) {
  for (const Task& task : tasks) {
    batches_.emplace_back(task, plan, static_cast<int>(batches_.size()));
  }
}

void PlanFeed::feed(const Batch& batch) {
  const std::span<const float> pixels = batch.images.data();
  const std::span<float> images = plan_.input(input_);
  if (pixels.size() != images.size()) {
    throw internal_error("a batch of {} does not fit the plan", batch.images.shape().to_string());
  }
  parallel_for(std::ssize(pixels), [&](int64_t begin, int64_t end) {
    std::copy(pixels.begin() + begin, pixels.begin() + end, images.begin() + begin);
  });
  if (!batch.partners.empty() && !mixes_) {
    throw usage_error("the pictures of this batch were mixed in pairs")
        .with_hint("give the --mixup and --cutmix that the training had");
  }
  for (TaskBatch& task : batches_) task.read(batch);
}

}  // namespace orthrus
