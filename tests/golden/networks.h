// The golden networks of tests/golden/mxnet, and comparing tensors with what MXNet computed.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/test_folder.h"
#include "formats/mxnet/params.h"
#include "formats/mxnet/symbol.h"
#include "model/finetune.h"

namespace orthrus::testing {

inline const std::filesystem::path kGoldens = test_folder() / "golden/mxnet";

// The arrays of a file without "arg:" and "aux:".
inline NamedTensors bare_params(const std::filesystem::path& path) {
  NamedTensors bare;
  for (const auto& [name, tensor] : mxnet::read_params(path)) {
    const bool prefixed = name.starts_with("arg:") || name.starts_with("aux:");
    bare[prefixed ? name.substr(4) : name] = tensor.to_f32();
  }
  return bare;
}

// `symbol` (in models/) with the values of NAME-0000.params.
inline LoadedNetwork golden_network(const std::string& name, const std::string& symbol) {
  return {mxnet::read_symbol(kGoldens / "models" / symbol),
          bare_params(kGoldens / "models" / (name + "-0000.params"))};
}

inline Preprocessing golden_preprocessing(int64_t height, int64_t width) {
  Preprocessing preprocessing;
  preprocessing.height = height;
  preprocessing.width = width;
  preprocessing.resize = std::max(height, width);
  return preprocessing;
}

// The same with the two new heads of NAME-heads.params.
inline Model golden_model(const std::string& name, const std::string& symbol,
                          const Preprocessing& preprocessing) {
  LoadedNetwork network = golden_network(name, symbol);
  network.parameters.merge(bare_params(kGoldens / "models" / (name + "-heads.params")));
  FinetuneReport report;
  Model model = prepare_finetune(
      network, {.name = name}, {.tasks = classic_tasks(4), .preprocessing = preprocessing}, report);
  EXPECT_TRUE(report.initialised.empty()) << "the heads come from the file";
  return model;
}

struct Tolerance {
  double absolute = 0;
  double of_maximum = 0;  // times the largest magnitude of the golden array
};

inline void expect_close(std::span<const float> got, const Tensor& golden, Tolerance tolerance,
                         const std::string& what) {
  const Tensor wide = golden.to_f32();
  const std::span<const float> wanted = wide.data();
  ASSERT_EQ(got.size(), wanted.size()) << what;
  double largest = 0;
  double error = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    const double difference = std::abs(static_cast<double>(got[i]) - wanted[i]);
    error = std::isfinite(difference) ? std::max(error, difference) : INFINITY;
    largest = std::max(largest, std::abs(static_cast<double>(wanted[i])));
  }
  EXPECT_LE(error, tolerance.absolute + tolerance.of_maximum * largest) << what;
}

}  // namespace orthrus::testing
