// Figures of merit as plain functions of answers and labels; each matches scikit-learn's of the
// name in its comment (tests/tasks/reference/ made the numbers that the tests hold). Where a figure
// is not defined the result is NaN.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace orthrus {

// One class against all others.
struct ClassTally {
  int64_t labels = 0;   // pictures of the class
  int64_t answers = 0;  // pictures answered with it
  int64_t right = 0;    // both

  [[nodiscard]] double precision() const;  // right / answers
  [[nodiscard]] double recall() const;     // right / labels
  [[nodiscard]] double f1() const;         // 2 right / (labels + answers)
  bool operator==(const ClassTally&) const = default;
};

// Mean F1 of the classes that are a label or an answer (f1_score, average="macro").
[[nodiscard]] double macro_f1(std::span<const ClassTally> classes);
// Mean recall of the classes that are a label (balanced_accuracy_score).
[[nodiscard]] double balanced_accuracy(std::span<const ClassTally> classes);
// Matthews' correlation for any number of classes (matthews_corrcoef; Gorodkin 2004); 0 where
// either side is always the same.
[[nodiscard]] double matthews_correlation(std::span<const ClassTally> classes);

// A probability and whether the label was a yes.
struct ScoredLabel {
  float score = 0;
  bool yes = false;
};

// Sum over the thresholds of precision times gain in recall (average_precision_score); NaN without
// a yes. Sorts `scored`.
[[nodiscard]] double average_precision(std::span<ScoredLabel> scored);
// Chance that a yes scores over a no, equals counting half (roc_auc_score); NaN without one of
// both. Sorts `scored`.
[[nodiscard]] double roc_auc(std::span<ScoredLabel> scored);

// Expected calibration error: answers in 15 bins of equal width by their confidence; the mean over
// the answers of |share that was right - mean confidence| of their bin (Guo et al. 2017,
// arXiv:1706.04599, equation 3). A confidence on a border belongs to the bin below it.
class CalibrationError {
 public:
  struct Bin {
    int64_t answers = 0;
    int64_t right = 0;
    double confidence = 0;  // sum over the answers
  };

  void add(double confidence, bool right);
  [[nodiscard]] double value() const;  // NaN without an answer
  [[nodiscard]] std::span<const Bin> bins() const { return bins_; }

 private:
  static constexpr int kBins = 15;
  std::vector<Bin> bins_ = std::vector<Bin>(kBins);
};

}  // namespace orthrus
