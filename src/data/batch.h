// Batch: what the loader hands over and the network takes in. A plain value without behaviour.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace orthrus {

struct Batch {
  Tensor images;  // (N,C,H,W) float32
  Tensor labels;  // (N, label columns) float32
  // Pictures that count, from the first on; the rest up to N is fill. With LastBatch::kMxnet:
  // always N.
  int count = 0;
  std::vector<int64_t> positions;  // of each of the N pictures in the list
  // Where pictures are mixed in pairs (data/mixing.h), empty else: which of the batch each of the N
  // was mixed with (itself: none), and the share of its own that is left of it, 0 to 1.
  std::vector<int> partners;
  std::vector<float> shares;
};

}  // namespace orthrus
