// BatchNorm with every attribute, fused and unfused, and Dropout.
#pragma once

#include "backend/op_case.h"

namespace orthrus::testing {

inline std::vector<OpCase> batch_norm_cases() {
  struct Variety {
    std::string name;
    BatchNorm op;
  };
  const std::vector<Variety> varieties = {
      {"plain", {.eps = 2e-5, .momentum = 0.9, .fix_gamma = false}},
      {"fix_gamma", {.eps = 1e-3, .momentum = 0.7, .fix_gamma = true}},
      {"global", {.fix_gamma = false, .use_global_stats = true}},
      {"global_fix_gamma", {.fix_gamma = true, .use_global_stats = true}},
      {"relu", {.eps = 2e-5, .fix_gamma = false, .fused_relu = true}},
      {"relu_fix_gamma", {.fix_gamma = true, .fused_relu = true}},
      {"relu_global", {.fix_gamma = false, .use_global_stats = true, .fused_relu = true}},
      {"add", {.fix_gamma = false, .fused_add = true}},
      {"add_relu", {.eps = 2e-5, .fix_gamma = false, .fused_add = true, .fused_relu = true}},
      {"add_relu_global",
       {.fix_gamma = false, .use_global_stats = true, .fused_add = true, .fused_relu = true}},
  };
  const std::vector<std::pair<std::string, Shape>> shapes = {
      {"blocked", {2, 32, 3, 4}}, {"odd", {3, 19, 5, 3}}, {"stem", {2, 3, 9, 9}}};
  std::vector<OpCase> cases;
  for (const Variety& variety : varieties) {
    for (const auto& [shape_name, shape] : shapes) {
      cases.push_back({.name = "bn_" + variety.name + "_" + shape_name,
                       .op = variety.op,
                       .shapes = {shape},
                       .seed = 5});
    }
  }
  cases.push_back({.name = "bn_of_vectors",
                   .op = BatchNorm{.fix_gamma = false},
                   .shapes = {{6, 5}},
                   .seed = 3});
  cases.push_back({.name = "bn_of_one_pixel",
                   .op = BatchNorm{.fix_gamma = false, .fused_relu = true},
                   .shapes = {{4, 16, 1, 1}},
                   .seed = 3});
  cases.push_back({.name = "bn_of_one_picture",
                   .op = BatchNorm{.fix_gamma = false},
                   .shapes = {{1, 17, 6, 5}},
                   .seed = 3});
  return cases;
}

inline std::vector<OpCase> dropout_cases() {
  return {
      {.name = "dropout_half", .op = Dropout{.p = 0.5}, .shapes = {{3, 37}}},
      {.name = "dropout_of_pictures", .op = Dropout{.p = 0.2}, .shapes = {{2, 18, 3, 5}}},
      {.name = "dropout_of_whole_pictures",
       .op = Dropout{.p = 0.4, .whole = true},
       .shapes = {{7, 18, 3, 5}}},
      {.name = "dropout_of_whole_rows",
       .op = Dropout{.p = 0.5, .whole = true},
       .shapes = {{9, 37}}},
      {.name = "dropout_none", .op = Dropout{.p = 0}, .shapes = {{2, 8}}},
  };
}

}  // namespace orthrus::testing
