// Learning rate as a function of the number of the update. It has no state of its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace orthrus {

enum class ScheduleKind {
  kStep,  // MXNet's MultiFactorScheduler (python/mxnet/lr_scheduler.py in MXNet 1.9.1)
  kConstant,
  kBit,          // as hyper_rule() says; becomes kStep when the number of pictures is known
  kPlateau,      // constant, times `factor` for each cut (train/history.h)
  kCosine,       // half a cosine from base to `last` (Loshchilov and Hutter 2017, arXiv:1608.03983)
  kLinear,       // a straight line from base to `last`
  kExponential,  // from base to `last` by an equal factor in each update; for the rate finder
  kOneCycle,  // up from base / 25 to base in 30 % of the updates, then down to base / 250000, both
              // along half cosines (Smith and Topin 2018, arXiv:1708.07120; PyTorch's OneCycleLR)
};

struct Schedule {
  ScheduleKind kind = ScheduleKind::kStep;
  double base = 0.01;
  // kStep: an update whose number is over steps[i] is decayed; ascending.
  double factor = 0.1;
  std::vector<int64_t> steps = {};
  // Of the whole training; all but kStep and kConstant end there. 0: not known yet.
  int64_t updates = 0;
  // The first updates go up in a straight line from base / warmup to base; kCosine and kLinear have
  // the rest. None with kOneCycle.
  int64_t warmup = 0;
  double last = 0;  // share of base that comes after the last update (kExponential: with it)

  int plateau_patience = 3;  // epochs, of kPlateau

  // Rate of update number `update`, counted from 1. `cuts`: of kPlateau, so far.
  [[nodiscard]] double rate(int64_t update, int cuts = 0) const;
};

// Updates of an epoch of so many batches, of which `accumulate` make one; the last may be of fewer.
[[nodiscard]] int64_t updates_per_epoch(int64_t batches, int accumulate);

// In the order of a listing; the first is the default.
[[nodiscard]] std::vector<std::string> schedule_names();
// Throws kUsage for an unknown name.
[[nodiscard]] ScheduleKind schedule_named(const std::string& name);

// The steps of the multi-task-MXNet script: epochs 5 and 10, an epoch being num_examples /
// batch_size updates whatever the list's length, at least one.
[[nodiscard]] std::vector<int64_t> classic_steps(int64_t num_examples, int64_t batch_size);

// How BiT fine-tunes, by the number of training pictures (Kolesnikov et al. 2020, "Big Transfer",
// arXiv:1912.11370, bit_hyperrule.py of its code; for batches of 512 and a base of 0.003).
struct HyperRule {
  int64_t updates = 0;  // in all
  int64_t warmup = 0;
  std::vector<int64_t> steps;  // a tenth after each
  double mixup = 0;
};
[[nodiscard]] HyperRule hyper_rule(int64_t pictures);

}  // namespace orthrus
