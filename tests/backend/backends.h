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
  std::shared_ptr<Backend> (*make)();
  // An element may be off by absolute + relative * (largest magnitude of its array).
  double absolute;
  double relative;
  // Activations are kept in bf16: a case's numbers are rounded to it beforehand, so that only the
  // kernels' own rounding is compared.
  bool bf16 = false;
};

inline std::shared_ptr<Backend> make_ref_f32() {
  return make_ref_backend(DType::kF32);
}
inline std::shared_ptr<Backend> make_cpu_f32() {
  return make_cpu_backend();
}
inline std::shared_ptr<Backend> make_cpu_bf16_blocks() {
  return make_cpu_backend(
      {.activations = DType::kBF16, .layout = ActivationLayout::kChannelBlocks});
}
inline std::shared_ptr<Backend> make_cpu_bf16_last() {
  return make_cpu_backend({.activations = DType::kBF16, .layout = ActivationLayout::kChannelsLast});
}

// One for all cases: a GPU's libraries take long to set up. Choices are not measured, so that a
// case runs on the same engine each time.
template <DType kType>
std::shared_ptr<Backend> make_cuda() {
  static const std::shared_ptr<Backend> backend =
      make_cuda_backend({.activations = kType, .deterministic = true});
  return backend;
}

// Without those that this processor has no arithmetic for, or this machine no GPU: the tests Bf16
// and Cuda then say so.
inline const std::vector<TestedBackend>& tested_backends() {
  static const std::vector<TestedBackend> backends = [] {
    std::vector<TestedBackend> all = {
        {"ref", make_ref_f32, 1e-6, 2e-6},
        {"cpu", make_cpu_f32, 2e-6, 1e-5},
    };
    if (!cuda_state().gpus.empty()) {
      all.push_back({"cuda", make_cuda<DType::kF32>, 2e-6, 1e-5});
      all.push_back({"cuda_bf16", make_cuda<DType::kBF16>, 1e-4, 1e-2, true});
    }
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
