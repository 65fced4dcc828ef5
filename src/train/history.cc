#include "train/history.h"

namespace orthrus {
namespace {

// Whether an epoch takes the place of the best one before it; without any score the later does.
bool is_better(std::optional<double> score, std::optional<double> best, bool higher_is_better) {
  if (!score || !best) return score.has_value() || !best.has_value();
  return higher_is_better ? *score > *best : *score < *best;
}

}  // namespace

int best_epoch(std::span<const EpochReport> history, bool higher_is_better) {
  int best = -1;
  for (size_t i = 0; i < history.size(); ++i) {
    const bool first = best < 0;
    if (first ||
        is_better(history[i].score, history[static_cast<size_t>(best)].score, higher_is_better)) {
      best = static_cast<int>(i);
    }
  }
  return best;
}

bool has_stalled(std::span<const EpochReport> history, bool higher_is_better, int patience) {
  return patience > 0 && !history.empty() &&
         std::ssize(history) - 1 - best_epoch(history, higher_is_better) >= patience;
}

int plateau_cuts(std::span<const EpochReport> history, bool higher_is_better, int patience) {
  std::optional<double> best;
  int cuts = 0, waited = 0;
  for (size_t i = 0; i < history.size(); ++i) {
    if (i == 0 || is_better(history[i].score, best, higher_is_better)) {
      best = history[i].score;
      waited = 0;
    } else if (++waited == patience) {
      ++cuts;
      waited = 0;
    }
  }
  return cuts;
}

}  // namespace orthrus
