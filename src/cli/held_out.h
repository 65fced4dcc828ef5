// The part of a data set that is held out by its own split, evaluated when a training ends.
#pragma once

#include "backend/backend.h"
#include "base/log.h"
#include "base/options.h"
#include "base/signals.h"
#include "base/terminal.h"
#include "data/pictures.h"
#include "train/run_folder.h"

namespace orthrus {

// Evaluates the run's best model, or the last where there was no validation, on `files`: a line for
// each task in the log, and all results in test.json in the run's folder. Never used to choose a
// model. Throws as evaluate does.
void evaluate_held_out(const PictureFiles& files, const RunFolder& folder, const Options& options,
                       Backend& backend, const StopSignals& signals, Terminal& terminal, Log& log);

}  // namespace orthrus
