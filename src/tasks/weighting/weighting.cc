#include "tasks/weighting/weighting.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace orthrus {
namespace {

struct WeightingMethod {
  std::string_view name;
  std::unique_ptr<LossWeighting> (*make)(const WeightingSetup& setup);
};

constexpr std::array kWeightingMethods = {
    WeightingMethod{"fixed", make_fixed_weighting},
    // Without declared weights it is the same; with them it is refused (train/options.cc).
    WeightingMethod{"equal", make_fixed_weighting},
    WeightingMethod{"uncertainty", make_uncertainty_weighting},
    WeightingMethod{"dwa", make_dwa_weighting},
    WeightingMethod{"logsum", make_logsum_weighting},
    WeightingMethod{"gls", make_gls_weighting},
    WeightingMethod{"rlw", make_rlw_weighting},
    WeightingMethod{"stch", make_stch_weighting},
    WeightingMethod{"famo", make_famo_weighting},
    WeightingMethod{"gradnorm", make_gradnorm_weighting},
    WeightingMethod{"pcgrad", make_pcgrad_weighting},
    WeightingMethod{"dbmtl", make_dbmtl_weighting},
    WeightingMethod{"imtl", make_imtl_weighting},
    WeightingMethod{"mgda", make_mgda_weighting},
    WeightingMethod{"cagrad", make_cagrad_weighting},
    WeightingMethod{"nashmtl", make_nashmtl_weighting},
};

}  // namespace

void LossWeighting::mix(const GradientProducts&, const WeightingStep&, std::span<double>) {
  throw internal_error("this loss weighting does not look at gradients");
}

void LossWeighting::restore(std::span<const double> state) {
  check_state(state, 0);
}

void check_state(std::span<const double> state, size_t expected) {
  if (state.size() == expected) return;
  throw input_error("the checkpoint holds {} numbers of a loss weighting, expected {}",
                    state.size(), expected)
      .with_hint("another --weighting, or other tasks, were trained there");
}

std::vector<std::string> weighting_names() {
  std::vector<std::string> names;
  for (const WeightingMethod& method : kWeightingMethods) names.emplace_back(method.name);
  return names;
}

std::unique_ptr<LossWeighting> make_weighting(std::string_view name, const WeightingSetup& setup) {
  const auto* method = std::ranges::find(kWeightingMethods, name, &WeightingMethod::name);
  if (method == kWeightingMethods.end()) throw internal_error("no loss weighting '{}'", name);
  return method->make(setup);
}

}  // namespace orthrus
