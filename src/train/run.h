// A whole training, from files to checkpoints: everything that can be wrong is found before the
// first batch, then the Trainer works.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "infer/options.h"
#include "train/cache_options.h"
#include "train/input_norm.h"
#include "train/observer.h"
#include "train/run_folder.h"
#include "train/sources.h"
#include "train/trained_part.h"
#include "train/trainer.h"

namespace orthrus {

struct TrainRequest {
  std::string model;
  std::optional<int> model_epoch;  // the checkpoint that was asked for; else that of first_epoch
  int first_epoch = 0;
  int end_epoch = 2;
  std::string layer;  // the heads stand on; empty: found by rule
  std::vector<Task> tasks;
  Preprocessing preprocessing;  // of validation
  std::vector<TrainSource> train;
  std::optional<PictureFiles> validation;
  std::optional<PictureFiles> test;        // held out by the data set's own split
  std::vector<std::string> label_columns;  // that the user named for the model's own tasks
  std::string classes_file = {};           // where it alone says how many classes there are
  bool own_tasks = false;                  // the tasks are those that the model has
  std::vector<std::string> data_notes;     // how the data were understood
  LoaderOptions loader;  // of training; validation has its own order, and no augmentation
  int accumulate = 1;    // batches that make one update
  MemoryMode memory = MemoryMode::kAuto;
  PartSelection part;
  InputNorm input_norm = InputNorm::kAuto;
  CacheOptions cache;
  int patience = 0;                  // epochs without improvement after which it ends; 0: never
  double fraction = 1;               // of the training pictures
  std::vector<int64_t> progressive;  // shorter edges of smaller pictures that come first
  bool solve = false;                // linear heads by L-BFGS, in the place of epochs
  int heads_first = 0;               // most epochs of the heads alone before; 0: none
  OptimizerOptions optimizer;
  double stochastic_depth = 0;      // most probability that a branch is left out; 0: none is
  double climb = 0;                 // radius of sharpness-aware minimisation; 0: none
  double layer_decay = 1;           // of the learning rate, from a stage to the one below
  double average_decay = 0;         // of the weights' moving average; 0: there is none
  int averaged_epochs = 0;          // at the end, whose weights are averaged; 0: none
  std::string weighting = "fixed";  // of the tasks' losses
  BestBy best_by;                   // which epoch's model is the best
  bool calibrate = true;            // temperatures of the heads, by the validation
  Schedule schedule;
  std::string mxnet_name;  // of MXNet's files in the run's folder; empty: none are written
  std::string config;      // the resolved options as TOML; may be empty
  std::filesystem::path started_in;  // to which its paths belong; empty: the current folder
  int threads = 1;
  CheckpointSchedule checkpoints;
  bool resume = false;  // from the newest checkpoint in the folder; from the start without one
  bool force = false;   // resume although options differ
  OnNan on_nan = OnNan::kStop;
  std::filesystem::path replay;  // a saved step: only that is computed; empty: the training
  bool verbose = false;          // tell which kernels were passed over, and why
  std::function<std::optional<ErrorKind>()> stop;
};

// Throws kUsage, kInput and kResource as the parts do; kInterrupted and kTerminated after a stop.
void run_training(const TrainRequest& given, RunFolder& folder, Backend& backend,
                  TrainObserver& observer);

}  // namespace orthrus
