#include "tasks/figures.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace orthrus {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

double ratio(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : kUndefined;
}

// The highest scores first.
void sort_by_score(std::span<ScoredLabel> scored) {
  std::ranges::sort(scored, [](const ScoredLabel& a, const ScoredLabel& b) {
    return a.score > b.score || (a.score == b.score && a.yes && !b.yes);
  });
}

// Calls take(yes, no) for each group of equal scores, from the highest on.
template <typename Take>
void for_each_score(std::span<ScoredLabel> scored, Take take) {
  sort_by_score(scored);
  for (size_t i = 0; i < scored.size();) {
    int64_t yes = 0, no = 0;
    const float score = scored[i].score;
    for (; i < scored.size() && scored[i].score == score; ++i) ++(scored[i].yes ? yes : no);
    take(yes, no);
  }
}

}  // namespace

double ClassTally::precision() const {
  return ratio(right, answers);
}
double ClassTally::recall() const {
  return ratio(right, labels);
}
double ClassTally::f1() const {
  return ratio(2 * right, labels + answers);
}

double macro_f1(std::span<const ClassTally> classes) {
  double sum = 0;
  int64_t count = 0;
  for (const ClassTally& tally : classes) {
    if (tally.labels + tally.answers == 0) continue;
    sum += tally.f1();
    ++count;
  }
  return count > 0 ? sum / static_cast<double>(count) : kUndefined;
}

double balanced_accuracy(std::span<const ClassTally> classes) {
  double sum = 0;
  int64_t count = 0;
  for (const ClassTally& tally : classes) {
    if (tally.labels == 0) continue;
    sum += tally.recall();
    ++count;
  }
  return count > 0 ? sum / static_cast<double>(count) : kUndefined;
}

double matthews_correlation(std::span<const ClassTally> classes) {
  double all = 0, right = 0, both = 0, answers_squared = 0, labels_squared = 0;
  for (const ClassTally& tally : classes) {
    const auto labels = static_cast<double>(tally.labels);
    const auto answers = static_cast<double>(tally.answers);
    all += labels;
    right += static_cast<double>(tally.right);
    both += labels * answers;
    answers_squared += answers * answers;
    labels_squared += labels * labels;
  }
  if (all == 0) return kUndefined;
  const double spread = (all * all - answers_squared) * (all * all - labels_squared);
  return spread > 0 ? (right * all - both) / std::sqrt(spread) : 0;
}

double average_precision(std::span<ScoredLabel> scored) {
  int64_t yes_so_far = 0, so_far = 0;
  double sum = 0;
  for_each_score(scored, [&](int64_t yes, int64_t no) {
    yes_so_far += yes;
    so_far += yes + no;
    sum += static_cast<double>(yes) * ratio(yes_so_far, so_far);
  });
  return yes_so_far > 0 ? sum / static_cast<double>(yes_so_far) : kUndefined;
}

double roc_auc(std::span<ScoredLabel> scored) {
  double yes_so_far = 0, no_so_far = 0, wins = 0;
  for_each_score(scored, [&](int64_t yes, int64_t no) {
    wins += static_cast<double>(no) * (yes_so_far + static_cast<double>(yes) / 2);
    yes_so_far += static_cast<double>(yes);
    no_so_far += static_cast<double>(no);
  });
  return yes_so_far > 0 && no_so_far > 0 ? wins / (yes_so_far * no_so_far) : kUndefined;
}

void CalibrationError::add(double confidence, bool right) {
  const double place = std::min(std::ceil(confidence * kBins), double{kBins}) - 1;
  Bin& bin = bins_[place > 0 ? static_cast<size_t>(place) : 0];
  ++bin.answers;
  if (right) ++bin.right;
  bin.confidence += confidence;
}

double CalibrationError::value() const {
  int64_t all = 0;
  double sum = 0;
  for (const Bin& bin : bins_) {
    all += bin.answers;
    sum += std::abs(static_cast<double>(bin.right) - bin.confidence);
  }
  return all > 0 ? sum / static_cast<double>(all) : kUndefined;
}

}  // namespace orthrus
