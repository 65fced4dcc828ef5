// BatchSource: whatever hands out the batches of an epoch one after the other, so that a training
// or an evaluation need not know whether they are pictures or features computed from them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "data/batch.h"
#include "data/sampler.h"

namespace orthrus {

class BatchSource {
 public:
  virtual ~BatchSource() = default;
  [[nodiscard]] virtual int64_t batches_per_epoch() const = 0;
  // Pictures in the list.
  [[nodiscard]] virtual size_t list_size() const = 0;
  // Whether its batches are mixed in pairs (data/mixing.h).
  [[nodiscard]] virtual bool mixes() const { return false; }
  virtual void start_epoch(uint64_t epoch) = 0;
  [[nodiscard]] virtual LoaderState state() const = 0;
  // Throws kInput when the state does not fit the list and batch size.
  virtual void restore(const LoaderState& state) = 0;
  // Fills `batch`; false at the epoch's end. Its tensors may be overwritten by a later call, at any
  // time, also in copies that share their memory.
  [[nodiscard]] virtual bool next(Batch& batch) = 0;
};

}  // namespace orthrus
