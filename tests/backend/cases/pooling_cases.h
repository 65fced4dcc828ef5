// Pooling: every kind on geometries where windows overlap, miss pixels, hang over the edge, or lie
// wholly outside the picture.
#pragma once

#include "backend/op_case.h"

namespace orthrus::testing {

inline std::vector<OpCase> pooling_cases() {
  struct Geometry {
    std::string name;
    Shape shape;
    Pooling op;
    // Windows that oneDNN does not know: wholly outside, or (averages) cut off while padding
    // counts.
    bool outside = false;
    bool cut_off = false;
  };
  const auto kFull = PoolingConvention::kFull;
  const std::vector<Geometry> geometries = {
      {"resnet_stem", {2, 16, 9, 8}, {.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1}}},
      {"odd_channels", {2, 5, 7, 8}, {.kernel = {2, 2}, .stride = {2, 2}}},
      {"overlapping", {1, 3, 6, 5}, {.kernel = {3, 3}, .stride = {1, 1}, .pad = {1, 1}}},
      {"uneven", {2, 4, 7, 8}, {.kernel = {2, 3}, .stride = {3, 2}, .pad = {1, 0}}},
      {"full",
       {2, 16, 8, 8},
       {.convention = kFull, .kernel = {3, 3}, .stride = {2, 2}},
       false,
       true},
      {"full_padded",
       {1, 3, 7, 8},
       {.convention = kFull, .kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1}},
       false,
       true},
      {"full_outside",
       {2, 2, 7, 8},
       {.convention = kFull, .kernel = {3, 3}, .stride = {3, 3}, .pad = {1, 1}},
       true},
      {"stride_beyond_kernel",
       {1, 2, 8, 9},
       {.convention = kFull, .kernel = {1, 2}, .stride = {3, 4}},
       true},
      {"global", {2, 17, 4, 3}, {.kernel = {7, 7}, .global = true}},
      {"global_one_pixel", {1, 16, 1, 1}, {.kernel = {2, 2}, .pad = {1, 1}, .global = true}},
  };
  const std::vector<std::pair<std::string, PoolingKind>> kinds = {
      {"max", PoolingKind::kMax}, {"avg", PoolingKind::kAverage}, {"sum", PoolingKind::kSum}};
  std::vector<OpCase> cases;
  for (const Geometry& geometry : geometries) {
    for (const auto& [kind_name, kind] : kinds) {
      OpCase op_case{.name = kind_name + "_" + geometry.name, .shapes = {geometry.shape}};
      Pooling op = geometry.op;
      op.kind = kind;
      op_case.op = op;
      const bool beyond_onednn = kind == PoolingKind::kSum || geometry.outside ||
                                 (kind == PoolingKind::kAverage && geometry.cut_off);
      if (beyond_onednn) op_case.reference_on = {"cpu"};
      cases.push_back(op_case);
      if (kind != PoolingKind::kAverage) continue;
      op.count_include_pad = false;
      op_case.op = op;
      op_case.name += "_without_padding";
      if (!geometry.outside) op_case.reference_on = {};
      cases.push_back(op_case);
    }
  }
  return cases;
}

}  // namespace orthrus::testing
