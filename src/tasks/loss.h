// The losses of tasks as numbers, and the weights that make the graph's losses (graph/ops) be
// these. With B pictures in a batch, of which those that are fill do not count, the loss of a task
// is
//   L = sum over the labels that are there of w * l / M
// l: cross-entropy of the label (of each class, for a multilabel task), with smoothing and focal
//    exponent as the task says;
// w: the class weight of the label (of a 1, for a multilabel task; a 0 has weight 1);
// M: how many labels are there in the batch, of any class. Missing labels so change neither the
// size
//    of a task's loss nor that of its gradient; a batch without any label gives 0.
// The whole loss is the sum over the tasks, each with its own weight (tasks/weighting).
#pragma once

#include <span>

#include "tasks/task.h"

namespace orthrus {

// Writes what a plan's sample weights have to be so that its backward, divided by `count` (the
// pictures that count), gives the gradient of L; where every label is there and has weight 1, these
// are 1 for the `count` first pictures, as in MXNet. `present` is what LabelReader says; all spans
// hold N times label_width() values.
void loss_weights(const Task& task, std::span<const float> labels, std::span<const float> present,
                  int count, std::span<float> dst);

// Labels of pictures that were mixed in pairs (data/mixing.h). With the labels a and b of a pair,
// rules applied, and the share s of a's, the loss is s L(a) + (1 - s) L(b); a label that is missing
// in either is missing. All spans but `partners` and `shares`, which hold N values, hold N times
// label_width().
struct MixedLabels {
  std::span<float> labels;         // in: of each picture; out: those with the greater share
  std::span<float> present;        // in: of each picture; out: of each pair
  std::span<float> weights;        // out: as loss_weights(), times the greater share
  std::span<float> other_labels;   // out: those with the smaller share
  std::span<float> other_weights;  // out
};
void mix_labels(const Task& task, std::span<const int> partners, std::span<const float> shares,
                int count, const MixedLabels& mixed);

// L of a batch whose answers are `probabilities` (N, classes); 0 without a label. Probabilities
// count as at least 1e-12. `shares` (N): factors of the pictures' losses; empty: 1.
[[nodiscard]] double batch_loss(const Task& task, std::span<const float> probabilities,
                                std::span<const float> labels, std::span<const float> present,
                                std::span<const float> shares = {});

}  // namespace orthrus
