// From a pretrained network to a model with the wanted heads: cut, heads, and which values are
// taken over from the file and which start anew, as MXNet's fit does with allow_missing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/model.h"
#include "model/source.h"

namespace orthrus {

struct FinetuneRequest {
  std::vector<Task> tasks;
  Preprocessing preprocessing;
  std::string layer;  // whose output the heads stand on; empty: tasks/heads.h, find_features
  uint64_t seed = 0;  // of the new heads' values
  std::vector<std::string> new_heads = {};  // tasks whose heads start with new values
  bool accept_non_finite = false;           // to find out where NaN or infinity comes from
};

// What became of the parameters, for people; each list in order of names.
struct FinetuneReport {
  std::string features;                  // name of the layer that the heads stand on
  std::vector<std::string> initialised;  // parameters of heads that start anew
  std::vector<std::string> reshaped;     // those among them that the file holds in another shape
  std::vector<std::string> taken_heads;  // parameters of heads that the file holds
  std::vector<std::string> superfluous;  // in the file, but not in the network
};

// Throws kInput: values taken over that are not finite, no such layer, a name of a head that the
// backbone has already, parameters of the backbone that are missing (all of them) or of another
// shape (layer, got, expected).
[[nodiscard]] Model prepare_finetune(const LoadedNetwork& network, const ModelSource& source,
                                     const FinetuneRequest& request, FinetuneReport& report);

}  // namespace orthrus
