#include "tasks/mistakes.h"

#include <algorithm>
#include <functional>

#include "tasks/metrics.h"

namespace orthrus {

MistakeCollector::MistakeCollector(const Task& task) : task_(task) {
  const auto classes = static_cast<size_t>(task.classes);
  confidence_.resize(task.kind == TaskKind::kMultilabel ? 2 * classes : classes);
}

size_t MistakeCollector::place(const Mistake& mistake, int64_t answer) {
  return static_cast<size_t>(mistake.question < 0 ? answer : 2 * mistake.question + answer);
}

void MistakeCollector::add(std::span<const float> probabilities, std::span<const float> labels,
                           std::span<const float> present, std::span<const int64_t> positions) {
  const auto width = static_cast<size_t>(task_.label_width());
  const auto classes = static_cast<size_t>(task_.classes);
  for (size_t row = 0; row < positions.size(); ++row) {
    const auto here = probabilities.subspan(row * classes, classes);
    for (size_t i = 0; i < width; ++i) {
      if (present[row * width + i] == 0) continue;
      Mistake answer{.position = positions[row],
                     .label = static_cast<int64_t>(labels[row * width + i])};
      if (task_.kind == TaskKind::kMultilabel) {
        const float yes = here[i];
        answer.question = static_cast<int64_t>(i);
        answer.answer = yes >= 0.5F ? 1 : 0;
        answer.label_probability = answer.label == 1 ? yes : 1 - yes;
        answer.answer_probability = answer.answer == 1 ? yes : 1 - yes;
      } else {
        answer.answer = most_probable(here);
        answer.label_probability = here[static_cast<size_t>(answer.label)];
        answer.answer_probability = here[static_cast<size_t>(answer.answer)];
      }
      add_answer(answer);
    }
  }
}

void MistakeCollector::add_answer(const Mistake& answer) {
  Confidence& confidence = confidence_[place(answer, answer.label)];
  confidence.sum += answer.label_probability;
  ++confidence.labels;
  if (answer.answer != answer.label) mistakes_.push_back(answer);
}

std::vector<Mistake> MistakeCollector::worst() const {
  std::vector<Mistake> sorted = mistakes_;
  std::ranges::stable_sort(sorted, {}, &Mistake::label_probability);
  return sorted;
}

std::vector<Mistake> MistakeCollector::suspects() const {
  std::vector<Mistake> found;
  for (const Mistake& mistake : mistakes_) {
    const Confidence& usual = confidence_[place(mistake, mistake.answer)];
    if (usual.labels == 0) continue;
    const double mean = usual.sum / static_cast<double>(usual.labels);
    if (mistake.answer_probability >= mean) found.push_back(mistake);
  }
  std::ranges::stable_sort(found, std::greater<>{}, [](const Mistake& mistake) {
    return mistake.answer_probability - mistake.label_probability;
  });
  return found;
}

}  // namespace orthrus
