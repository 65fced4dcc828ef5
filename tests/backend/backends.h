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
};

inline std::unique_ptr<Backend> make_ref_f32() {
  return make_ref_backend(DType::kF32);
}
inline std::unique_ptr<Backend> make_cpu_f32() {
  return make_cpu_backend();
}

inline const std::vector<TestedBackend>& tested_backends() {
  static const std::vector<TestedBackend> backends = {
      {"ref", make_ref_f32, 1e-6, 2e-6},
      {"cpu", make_cpu_f32, 2e-6, 1e-5},
  };
  return backends;
}

// What all of them are compared with.
inline std::unique_ptr<Backend> make_oracle() {
  return make_ref_backend(DType::kF64);
}

}  // namespace orthrus::testing
