// Progressive resizing: the first epochs train on smaller pictures, which cost less, the last ones
// on pictures of the network's own size (Howard 2018, in DAWNBench; Touvron et al. 2019,
// arXiv:1906.06423, on what the change of size does). A phase is what epochs of one size are.
#pragma once

#include <vector>

#include "data/preprocessing.h"
#include "train/run.h"

namespace orthrus {

struct TrainingPhase {
  int end_epoch = 0;            // the first epoch that is not of this phase
  Preprocessing preprocessing;  // of its training pictures
  bool operator==(const TrainingPhase&) const = default;
};

// The epochs of `request` in equal parts, one for each of its sizes and the last for the network's
// own; those that no epoch is left for are not there. Where no sizes are wanted, one phase.
// Throws kUsage for sizes that do not grow up to the network's, for a network whose parameters
// depend on the size of its pictures, and for a frozen part below the trained one.
[[nodiscard]] std::vector<TrainingPhase> training_phases(const TrainRequest& request,
                                                         const Model& model,
                                                         const TrainedPart& part);

}  // namespace orthrus
