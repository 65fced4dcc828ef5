#include "train/phases.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace orthrus {
namespace {

int64_t scaled(int64_t length, int64_t edge, int64_t own_edge) {
  const double share = static_cast<double>(edge) / static_cast<double>(own_edge);
  return std::max<int64_t>(1, std::llround(static_cast<double>(length) * share));
}

// The same picture, seen in another size: the crop keeps its share of what is resized.
Preprocessing resized(Preprocessing preprocessing, int64_t edge) {
  const int64_t own = std::min(preprocessing.height, preprocessing.width);
  for (int64_t* length : {&preprocessing.height, &preprocessing.width, &preprocessing.resize}) {
    if (*length > 0) *length = scaled(*length, edge, own);
  }
  return preprocessing;
}

void check_edges(const std::vector<int64_t>& edges, int64_t own) {
  int64_t before = 0;
  for (const int64_t edge : edges) {
    if (edge > before && edge < own) {
      before = edge;
      continue;
    }
    throw usage_error("--progressive: {} does not lie between {} and the network's own {} pixels",
                      edge, before, own)
        .with_hint("sizes grow, and the network's own comes last by itself");
  }
}

void check_network(const Model& model, const Preprocessing& preprocessing) {
  const auto refuse = [&](const std::string& why) {
    throw usage_error("--progressive: the network takes no pictures of {}x{} pixels{}",
                      preprocessing.height, preprocessing.width, why)
        .with_hint("leave it out, or take larger ones");
  };
  try {
    if (parameter_shapes(model.graph, preprocessing) !=
        parameter_shapes(model.graph, model.preprocessing)) {
      refuse(": its parameters are made for " + std::to_string(model.preprocessing.height) + "x" +
             std::to_string(model.preprocessing.width));
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kUsage) throw;
    refuse(": " + error.message());
  }
}

}  // namespace

std::vector<TrainingPhase> training_phases(const TrainRequest& request, const Model& model,
                                           const TrainedPart& part) {
  const Preprocessing& own = model.preprocessing;
  if (request.progressive.empty()) return {{request.end_epoch, own}};
  if (part.divided()) {
    throw usage_error("--progressive resizes pictures, but the trained part reads features")
        .with_hint("leave it out, or train the whole network");
  }
  check_edges(request.progressive, std::min(own.height, own.width));
  std::vector<TrainingPhase> phases;
  const int epochs = request.end_epoch - request.first_epoch;
  const auto count = static_cast<int>(request.progressive.size()) + 1;
  for (int i = 0; i < count; ++i) {
    const int end = request.first_epoch + epochs * (i + 1) / count;
    const int begin = phases.empty() ? request.first_epoch : phases.back().end_epoch;
    if (end == begin) continue;
    const bool last = i + 1 == count;
    phases.push_back({end, last ? own : resized(own, request.progressive[static_cast<size_t>(i)])});
    if (!last) check_network(model, phases.back().preprocessing);
  }
  return phases;
}

}  // namespace orthrus
