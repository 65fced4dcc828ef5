// The statistics of BatchNorms for parameters that no step of a training has led to, such as a mean
// of several models': the running ones belong to other parameters.
#pragma once

#include <functional>

#include "exec/plan.h"
#include "graph/graph.h"

namespace orthrus {

// Batches that are looked at, at most: some thousand pictures settle means and variances.
inline constexpr int kStatisticsBatches = 100;

// Runs forward on batches as long as `feed_next` gives some, and returns the means of their
// statistics by the names of the running ones, for each BatchNorm of `graph` (the plan's, or before
// its fusions) that takes the batch's statistics; as PyTorch's swa_utils.update_bn. The plan's own
// running statistics are lost.
[[nodiscard]] NamedTensors estimate_norm_statistics(Plan& plan, const Graph& graph,
                                                    const StepContext& context,
                                                    const std::function<bool()>& feed_next);

}  // namespace orthrus
