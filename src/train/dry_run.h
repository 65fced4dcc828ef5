// A dry run: what a training would train, how much memory it would take and how long, from a few
// steps that are measured and thrown away. Nothing is written.
#pragma once

#include "train/run.h"

namespace orthrus {

// Tells `observer` in notes; throws what run_training() throws before its first step.
void dry_run(const TrainRequest& request, Backend& backend, TrainObserver& observer);

}  // namespace orthrus
