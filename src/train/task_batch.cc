#include "train/task_batch.h"

#include <algorithm>
#include <limits>

#include "tasks/heads.h"
#include "tasks/loss.h"
#include "tasks/ordinal.h"

namespace orthrus {

TaskBatch::TaskBatch(const Task& task, Plan& plan, int output)
    : task_(task), loss_task_(loss_task(task)), reader_(task), plan_(plan), output_(output) {
  ask_for_inputs();
  target_present_.resize(targets_.size());
  const auto pictures = targets_.size() / static_cast<size_t>(loss_task_.label_width());
  labels_.resize(pictures * static_cast<size_t>(task.label_width()));
  present_.resize(labels_.size());
}

void TaskBatch::ask_for_inputs() {
  targets_ = plan_.input(task_.label_input());
  weights_ = plan_.input(task_.weight_input());
  const Task twin = mixed_twin(task_);
  if (!plan_.has_input(twin.label_input())) return;
  other_targets_ = plan_.input(twin.label_input());
  other_weights_ = plan_.input(twin.weight_input());
}

void TaskBatch::read(const Batch& batch) {
  ask_for_inputs();
  reader_.read_batch(batch.labels, batch.count, labels_, present_);
  loss_targets(task_, labels_, present_, targets_, target_present_);
  shares_ = batch.shares;
  if (batch.partners.empty()) {
    loss_weights(loss_task_, targets_, target_present_, batch.count, weights_);
    std::ranges::fill(other_targets_, 0.0F);
    std::ranges::fill(other_weights_, 0.0F);
    return;
  }
  mix_labels(loss_task_, batch.partners, batch.shares, batch.count,
             {.labels = targets_,
              .present = target_present_,
              .weights = weights_,
              .other_labels = other_targets_,
              .other_weights = other_weights_});
  // The same for the metrics, which take no weights.
  std::vector<float> unused(labels_.size()), other(labels_.size());
  mix_labels(task_, batch.partners, batch.shares, batch.count,
             {.labels = labels_,
              .present = present_,
              .weights = unused,
              .other_labels = other,
              .other_weights = unused});
}

void TaskBatch::scale_weights(double factor) {
  if (factor == 1) return;
  ask_for_inputs();
  for (const std::span<float> weights : {weights_, other_weights_}) {
    for (float& weight : weights) weight *= static_cast<float>(factor);
  }
}

MetricSums TaskBatch::metrics() {
  MetricSums sums;
  sums.add(task_, class_probabilities(task_, plan_.output(output_), probabilities_), labels_,
           present_);
  return sums;
}

double TaskBatch::loss() const {
  const auto is_there = [](float present) { return present != 0; };
  if (std::ranges::none_of(target_present_, is_there)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const std::span<const float> answers = plan_.output(output_);
  if (shares_.empty()) return batch_loss(loss_task_, answers, targets_, target_present_);
  std::vector<float> greater, smaller;
  for (const float share : shares_) {
    greater.push_back(std::max(share, 1 - share));
    smaller.push_back(1 - greater.back());
  }
  return batch_loss(loss_task_, answers, targets_, target_present_, greater) +
         batch_loss(loss_task_, answers, other_targets_, target_present_, smaller);
}

}  // namespace orthrus
