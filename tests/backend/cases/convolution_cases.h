// Convolution and FullyConnected.
#pragma once

#include <tuple>

#include "backend/op_case.h"

namespace orthrus::testing {

inline std::vector<OpCase> convolution_cases() {
  return {
      {.name = "conv_1x1",
       .op = Convolution{.num_filter = 32, .kernel = {1, 1}, .has_bias = false},
       .shapes = {{2, 16, 5, 7}}},
      {.name = "conv_1x1_stride_2",
       .op = Convolution{.num_filter = 16, .kernel = {1, 1}, .stride = {2, 2}, .has_bias = false},
       .shapes = {{2, 32, 7, 6}}},
      {.name = "conv_3x3_blocked",
       .op = Convolution{.num_filter = 32, .kernel = {3, 3}, .pad = {1, 1}, .has_bias = false},
       .shapes = {{2, 16, 6, 6}}},
      {.name = "conv_3x3_odd_channels",
       .op = Convolution{.num_filter = 5, .kernel = {3, 3}, .pad = {1, 1}},
       .shapes = {{2, 7, 5, 6}}},
      {.name = "conv_3x3_stride_2",
       .op = Convolution{.num_filter = 18, .kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1}},
       .shapes = {{1, 17, 7, 9}}},
      {.name = "conv_stem",
       .op = Convolution{.num_filter = 16,
                         .kernel = {7, 7},
                         .stride = {2, 2},
                         .pad = {3, 3},
                         .has_bias = false},
       .shapes = {{2, 3, 15, 13}}},
      {.name = "conv_on_one_pixel",
       .op = Convolution{.num_filter = 16, .kernel = {3, 3}, .pad = {1, 1}},
       .shapes = {{1, 16, 1, 1}}},
      {.name = "conv_3x1",
       .op = Convolution{.num_filter = 8, .kernel = {3, 1}, .stride = {2, 1}, .pad = {1, 0}},
       .shapes = {{2, 6, 7, 5}}},
      {.name = "conv_1x3_uneven_stride_and_pad",
       .op = Convolution{.num_filter = 8, .kernel = {1, 3}, .stride = {1, 3}, .pad = {0, 2}},
       .shapes = {{2, 16, 4, 9}}},
      {.name = "conv_dilated",
       .op = Convolution{.num_filter = 16, .kernel = {3, 3}, .dilate = {2, 3}, .pad = {2, 3}},
       .shapes = {{1, 16, 8, 9}}},
      {.name = "conv_groups",
       .op = Convolution{.num_filter = 12, .kernel = {3, 3}, .pad = {1, 1}, .num_group = 3},
       .shapes = {{2, 6, 5, 5}}},
      {.name = "conv_groups_blocked",
       .op = Convolution{.num_filter = 32, .kernel = {3, 3}, .pad = {1, 1}, .num_group = 2},
       .shapes = {{1, 32, 6, 6}}},
      {.name = "conv_depthwise",
       .op = Convolution{.num_filter = 16, .kernel = {3, 3}, .pad = {1, 1}, .num_group = 16},
       .shapes = {{2, 16, 6, 7}}},
      {.name = "conv_depthwise_odd_channels",
       .op = Convolution{.num_filter = 7, .kernel = {3, 3}, .pad = {1, 1}, .num_group = 7},
       .shapes = {{1, 7, 5, 5}}},
      {.name = "conv_padding_wider_than_kernel",
       .op = Convolution{.num_filter = 4, .kernel = {2, 2}, .stride = {3, 3}, .pad = {3, 3}},
       .shapes = {{1, 3, 4, 4}}},
  };
}

// What the fuse pass makes of convolutions in inference.
inline std::vector<OpCase> fused_convolution_cases() {
  const Convolution square{.num_filter = 32, .kernel = {3, 3}, .pad = {1, 1}};
  std::vector<OpCase> cases;
  for (const auto& [name, add, relu] :
       {std::tuple{"add", true, false}, {"relu", false, true}, {"add_relu", true, true}}) {
    Convolution op = square;
    op.fused_add = add;
    op.fused_relu = relu;
    cases.push_back({.name = std::string("conv_3x3_") + name,
                     .op = op,
                     .shapes = {{2, 16, 6, 7}},
                     .forward_only = true});
    op.kernel = {1, 1};
    op.pad = {0, 0};
    op.has_bias = false;
    cases.push_back({.name = std::string("conv_1x1_no_bias_") + name,
                     .op = op,
                     .shapes = {{2, 16, 5, 5}},
                     .forward_only = true});
    op.num_filter = 5;
    op.stride = {2, 2};
    cases.push_back({.name = std::string("conv_odd_channels_stride_2_") + name,
                     .op = op,
                     .shapes = {{2, 7, 5, 6}},
                     .forward_only = true});
  }
  return cases;
}

inline std::vector<OpCase> fully_connected_cases() {
  return {
      {.name = "fc", .op = FullyConnected{.num_hidden = 4}, .shapes = {{5, 19}}},
      {.name = "fc_no_bias",
       .op = FullyConnected{.num_hidden = 33, .has_bias = false},
       .shapes = {{3, 64}}},
      {.name = "fc_one_picture", .op = FullyConnected{.num_hidden = 1}, .shapes = {{1, 16}}},
      {.name = "fc_of_pictures", .op = FullyConnected{.num_hidden = 6}, .shapes = {{2, 16, 3, 2}}},
      {.name = "fc_of_pictures_odd_channels",
       .op = FullyConnected{.num_hidden = 3},
       .shapes = {{2, 5, 2, 3}}},
  };
}

}  // namespace orthrus::testing
