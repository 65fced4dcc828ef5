// Ordinal tasks: classes in an order, 0 to K - 1. Their head answers K - 1 questions with sigmoids,
//   f_k = P(y > k | y > k - 1),  k = 0 to K - 2,
// each learned from the labels that reach it alone (y > k - 1), so that
//   P(y > k) = f_0 f_1 ... f_k  never rises with k,  and  P(y = k) = P(y > k - 1) - P(y > k).
// CORN: Shi, Cao and Raschka, "Deep Neural Networks for Rank-Consistent Ordinal Regression Based On
// Conditional Probabilities" (arXiv:2111.08851), equations 1 to 6.
// To the loss operator such a task is a multilabel one with missing labels; to everything else it
// is one of K classes with probabilities. These functions stand between the two.
#pragma once

#include <span>
#include <vector>

#include "tasks/task.h"

namespace orthrus {

// The task as its loss operator sees it: an ordinal one as multilabel, with K - 1 classes; another
// one as it is.
[[nodiscard]] Task loss_task(const Task& task);

// Labels of N pictures, and which of them are there, as loss_task() has them: of an ordinal task
// (N) become (N, K - 1), others are copied.
void loss_targets(const Task& task, std::span<const float> labels, std::span<const float> present,
                  std::span<float> targets, std::span<float> target_present);

// Probabilities of the classes (N, K) from the head's answers (N, outputs): those themselves, or of
// an ordinal task made in `buffer`.
[[nodiscard]] std::span<const float> class_probabilities(const Task& task,
                                                         std::span<const float> answers,
                                                         std::vector<float>& buffer);

// f_k of one picture (K - 1) from its probabilities (K); 1/2 where no probability is left.
[[nodiscard]] std::vector<float> conditional_probabilities(std::span<const float> probabilities);

}  // namespace orthrus
