// Model soups: the mean of the weights of several trainings that began at the same pretrained model
// is often better than the best of them, and no slower. Wortsman et al. 2022, arXiv:2203.05482;
// the greedy one is its Recipe 1. The statistics of BatchNorms are averaged as the weights are.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "data/batch_source.h"
#include "infer/evaluate.h"
#include "model/model.h"
#include "train/best_by.h"

namespace orthrus {

struct SoupRequest {
  int models = 0;
  Model first;  // that of number 0
  // The model of that number, from 1; called several times for each, so that not all are in memory
  // at once.
  std::function<Model(int)> load;
  BatchSource* validation = nullptr;  // not shuffled; outlives the call
  int batch_size = 1;                 // as the validation's
  BestBy best_by;
  bool uniform = false;  // all models are taken, whatever the validation says
};

struct SoupIngredient {
  int model = 0;     // number of SoupRequest::load
  double score = 0;  // of it alone, by best_by
  double mixed = 0;  // of the mean of those that were taken before, with it
  bool taken = false;
};

struct Soup {
  Model model;       // with temperatures that fit the validation's labels
  double score = 0;  // never worse than that of the best ingredient, unless uniform
  std::vector<SoupIngredient> ingredients;  // the best first; ties in the order of their numbers
};

// The models in the order of their scores, each taken when the mean with it is no worse. Throws
// kUsage for fewer than two models, kInput when one is of another network, other tasks or another
// preprocessing than the first, or its answers are no numbers; what the callbacks throw ends it.
[[nodiscard]] Soup make_soup(const SoupRequest& request, Backend& backend,
                             const BatchCallback& after_batch = {});

}  // namespace orthrus
