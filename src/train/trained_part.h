// What of a network is trained. The rest is frozen: its parameters keep their values and its
// BatchNorms use their stored statistics. Where everything below some point is frozen, the network
// is divided there (graph/stages.h): the part below computes features as in inference, without
// keeping activations, and only the part above is compiled for training.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/model.h"

namespace orthrus {

// Which statistics BatchNorms take in training.
enum class BatchNormMode {
  kAuto,    // the stored ones where neither gamma nor beta is trained, else the batch's
  kFrozen,  // the stored ones everywhere
  kTrain,   // the batch's everywhere
};

struct PartSelection {
  // Each adds to what is trained: "all", "heads", "last:N" (the last N stages and the heads), or a
  // pattern of parameters' names, in which * stands for any text and ? for any character.
  std::vector<std::string> items = {"all"};
  BatchNormMode batch_norm = BatchNormMode::kAuto;
};

// The parameters between two points of the network, for listings.
struct PartStage {
  std::string name;               // "stage 3", "heads"
  int64_t height = 1, width = 1;  // of its picture
  std::vector<std::string> parameters;
  int64_t values = 0;
  int64_t trained_values = 0;
};

struct TrainedPart {
  std::set<std::string, std::less<>> trained;  // names of parameters
  Graph frozen;                   // from the pictures to the features; no nodes: nothing lies below
  Graph graph;                    // from `input` to the losses
  std::string input;              // the pictures, or the features
  Shape input_shape;              // of a batch of one
  bool froze_norms = false;       // the selection took the batch's statistics from a BatchNorm
  std::vector<PartStage> stages;  // from the pictures on, the heads last

  [[nodiscard]] bool divided() const { return frozen.size() > 0; }
  // True when every parameter is trained, and every BatchNorm as the network says.
  [[nodiscard]] bool trains_all() const;
  // True when nothing below the heads is trained.
  [[nodiscard]] bool trains_heads_at_most() const;
  // Shape of a batch of what `graph` reads.
  [[nodiscard]] Shape batch_shape(int64_t batch_size) const;
};

// Throws kUsage for an item that matches nothing, and for more stages than the network has (listing
// them).
[[nodiscard]] TrainedPart choose_trained_part(const Model& model, const PartSelection& selection);

// Factors of the learning rate by parameter: 1 for the heads, `decay` for the last stage, its
// square for the one before, and so on; empty where `decay` is 1.
[[nodiscard]] std::map<std::string, double, std::less<>> decayed_rates(const TrainedPart& part,
                                                                       double decay);

// For people: a line for each stage, and one on BatchNorms and on the point of division.
[[nodiscard]] std::vector<std::string> describe(const TrainedPart& part);

}  // namespace orthrus
