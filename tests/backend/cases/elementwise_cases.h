// Activation, LeakyReLU, Add, Concat, Flatten.
#pragma once

#include "backend/op_case.h"

namespace orthrus::testing {

inline std::vector<OpCase> activation_cases() {
  const std::vector<std::pair<std::string, ActivationKind>> kinds = {
      {"relu", ActivationKind::kRelu},
      {"sigmoid", ActivationKind::kSigmoid},
      {"tanh", ActivationKind::kTanh},
      {"softrelu", ActivationKind::kSoftrelu},
      {"softsign", ActivationKind::kSoftsign}};
  std::vector<OpCase> cases;
  for (const auto& [name, kind] : kinds) {
    cases.push_back({.name = name + "_odd", .op = Activation{kind}, .shapes = {{3, 5, 3, 7}}});
    cases.push_back({.name = name + "_blocked", .op = Activation{kind}, .shapes = {{2, 32, 3, 3}}});
    cases.push_back({.name = name + "_vector", .op = Activation{kind}, .shapes = {{1, 1}}});
    // Far out, where exp() of the argument is beyond float32.
    cases.push_back({.name = name + "_extreme",
                     .op = Activation{kind},
                     .shapes = {{1, 6}},
                     .values = {{0, {-200, -90, -20, 20, 90, 200}}}});
  }
  return cases;
}

inline std::vector<OpCase> leaky_relu_cases() {
  std::vector<OpCase> cases;
  for (const auto& [name, shape] : std::vector<std::pair<std::string, Shape>>{
           {"odd", {2, 5, 3, 4}}, {"blocked", {2, 32, 3, 3}}, {"vectors", {3, 7}}}) {
    cases.push_back(
        {.name = "leaky_" + name, .op = LeakyRelu{LeakyKind::kLeaky, 0.1}, .shapes = {shape}});
    cases.push_back(
        {.name = "elu_" + name, .op = LeakyRelu{LeakyKind::kElu, 0.7}, .shapes = {shape}});
    cases.push_back(
        {.name = "prelu_" + name, .op = LeakyRelu{LeakyKind::kPrelu}, .shapes = {shape}});
    cases.push_back({.name = "prelu_shared_" + name,
                     .op = LeakyRelu{LeakyKind::kPrelu},
                     .shapes = {shape, {1}}});
  }
  return cases;
}

inline std::vector<OpCase> joining_cases() {
  return {
      {.name = "add_2", .op = Add{2}, .shapes = {{2, 16, 3, 5}}},
      {.name = "add_2_odd", .op = Add{2}, .shapes = {{1, 3, 1, 7}}},
      {.name = "add_4_vectors", .op = Add{4}, .shapes = {{3, 11}}},
      {.name = "concat_blocked", .op = Concat{2}, .shapes = {{2, 16, 3, 4}, {2, 32, 3, 4}}},
      {.name = "concat_odd",
       .op = Concat{3},
       .shapes = {{2, 5, 3, 3}, {2, 16, 3, 3}, {2, 1, 3, 3}}},
      {.name = "concat_vectors", .op = Concat{2}, .shapes = {{4, 3}, {4, 6}}},
      {.name = "concat_one", .op = Concat{1}, .shapes = {{2, 8, 2, 2}}},
      {.name = "flatten", .op = Flatten{}, .shapes = {{2, 3, 2, 5}}},
  };
}

}  // namespace orthrus::testing
