// The backends that every operator case runs on, and how far their results may be from the
// reference's in double. A new backend, or a new element type of one, joins with one line.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"

namespace orthrus::testing {

struct TestedBackend {
  std::string name;
  std::unique_ptr<Backend> (*make)();
  // An element may be off by absolute + relative * (largest magnitude of its array).
  double absolute;
  double relative;
  // Activations are kept in bf16: a case's numbers are rounded to it beforehand, so that only the
  // kernels' own rounding is compared.
  bool bf16 = false;
};

inline std::unique_ptr<Backend> make_ref_f32() {
  return make_ref_backend(DType::kF32);
}
inline std::unique_ptr<Backend> make_cpu_f32() {
  return make_cpu_backend();
}
inline std::unique_ptr<Backend> make_cpu_bf16_blocks() {
  return make_cpu_backend(
      {.activations = DType::kBF16, .layout = ActivationLayout::kChannelBlocks});
}
inline std::unique_ptr<Backend> make_cpu_bf16_last() {
  return make_cpu_backend({.activations = DType::kBF16, .layout = ActivationLayout::kChannelsLast});
}

// Without those that this processor has no arithmetic for: the test Bf16 then says so.
inline const std::vector<TestedBackend>& tested_backends() {
  static const std::vector<TestedBackend> backends = [] {
    std::vector<TestedBackend> all = {
        {"ref", make_ref_f32, 1e-6, 2e-6},
        {"cpu", make_cpu_f32, 2e-6, 1e-5},
    };
    if (bf16_instructions().empty()) return all;
    all.push_back({"cpu_bf16_blocks", make_cpu_bf16_blocks, 1e-4, 1e-2, true});
    all.push_back({"cpu_bf16_last", make_cpu_bf16_last, 1e-4, 1e-2, true});
    return all;
  }();
  return backends;
}

// What all of them are compared with.
inline std::unique_ptr<Backend> make_oracle() {
  return make_ref_backend(DType::kF64);
}

}  // namespace orthrus::testing
