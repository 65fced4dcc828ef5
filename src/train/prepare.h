// What comes before a training's first batch: lists, labels, model and the choice of what is
// trained, each checked, so that everything that can be wrong is told at once.
#pragma once

#include <memory>
#include <vector>

#include "data/loader.h"
#include "infer/feature_cache.h"
#include "infer/inference.h"
#include "train/input_norm.h"
#include "train/missing_pictures.h"
#include "train/run.h"

namespace orthrus {

struct PreparedTraining {
  TrainRequest request;  // its tasks with what the data say of them
  Model model;
  TrainedPart part;
  SharedPictures train_pictures, validation_pictures;  // the latter may be null
  std::unique_ptr<Loader> train_loader, validation_loader;
  std::unique_ptr<Inference> frozen;  // null: the part is not divided
  std::unique_ptr<FeatureCache> train_cache, validation_cache;
  std::unique_ptr<BatchSource> train_features, validation_features;
  std::vector<MissingPictures> searches;

  // What the trained part reads.
  [[nodiscard]] BatchSource& train();
  [[nodiscard]] BatchSource* validation();
};

// Throws kUsage, kInput and kResource as the parts do.
[[nodiscard]] PreparedTraining prepare_training(const TrainRequest& given, Backend& backend,
                                                TrainObserver& observer);

// Makes the loaders, and where the part is divided the frozen part and features in the place of
// pictures, from all that stands before them in `prepared`.
void make_sources(PreparedTraining& prepared, Backend& backend);

// In list order, unchanged, and with every picture, whatever training leaves out.
[[nodiscard]] LoaderOptions validation_loading(const TrainRequest& request);

// All but where the results go.
[[nodiscard]] TrainerOptions trainer_options(const PreparedTraining& prepared);

}  // namespace orthrus
