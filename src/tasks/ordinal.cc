#include "tasks/ordinal.h"

#include <algorithm>

namespace orthrus {

Task loss_task(const Task& task) {
  Task seen = task;
  if (task.kind != TaskKind::kOrdinal) return seen;
  seen.kind = TaskKind::kMultilabel;
  seen.classes = task.outputs();
  return seen;
}

void loss_targets(const Task& task, std::span<const float> labels, std::span<const float> present,
                  std::span<float> targets, std::span<float> target_present) {
  if (task.kind != TaskKind::kOrdinal) {
    std::ranges::copy(labels, targets.begin());
    std::ranges::copy(present, target_present.begin());
    return;
  }
  const auto questions = static_cast<size_t>(task.outputs());
  for (size_t row = 0; row < labels.size(); ++row) {
    for (size_t k = 0; k < questions; ++k) {
      const auto rank = static_cast<float>(k);
      targets[row * questions + k] = labels[row] > rank ? 1.0F : 0.0F;
      target_present[row * questions + k] = labels[row] >= rank ? present[row] : 0.0F;
    }
  }
}

std::span<const float> class_probabilities(const Task& task, std::span<const float> answers,
                                           std::vector<float>& buffer) {
  if (task.kind != TaskKind::kOrdinal) return answers;
  const auto questions = static_cast<size_t>(task.outputs());
  buffer.clear();
  for (size_t row = 0; row < answers.size(); row += questions) {
    float reached = 1;  // P(y > k - 1)
    for (const float f : answers.subspan(row, questions)) {
      buffer.push_back(reached * (1 - f));
      reached *= f;
    }
    buffer.push_back(reached);
  }
  return buffer;
}

std::vector<float> conditional_probabilities(std::span<const float> probabilities) {
  std::vector<float> answers(probabilities.size() - 1);
  double beyond = probabilities.back();  // P(y > k)
  for (size_t k = answers.size(); k-- > 0;) {
    const double reached = beyond + probabilities[k];
    answers[k] = reached > 0 ? static_cast<float>(beyond / reached) : 0.5F;
    beyond = reached;
  }
  return answers;
}

}  // namespace orthrus
