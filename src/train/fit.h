// Numbers of a training that follow from the machine it runs on: the batch that its memory holds,
// the epochs that a budget of time allows. They are found before the training and are options of it
// from then on, so that going on with it changes nothing.
#pragma once

#include "train/run.h"

namespace orthrus {

// Largest power of two, at most 256, of which the trained part takes at most 80 % of the memory
// that can be had, and of which an epoch has at least eight; measured on a plan for the request's
// own batch size. Throws kResource when one picture is too much, and as prepare_training().
[[nodiscard]] int largest_batch(const TrainRequest& request, Backend& backend,
                                TrainObserver& observer);

// Epochs that take about `seconds` in all, by a few measured steps. Throws kUsage when not even one
// fits, saying which share of the pictures would.
[[nodiscard]] int epochs_within(double seconds, const TrainRequest& request, Backend& backend,
                                TrainObserver& observer);

// Epochs of BiT's HyperRule (train/schedule.h): as many as give its number of updates.
[[nodiscard]] int hyper_rule_epochs(const TrainRequest& request, Backend& backend,
                                    TrainObserver& observer);

}  // namespace orthrus
