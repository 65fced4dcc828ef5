// The backends that are compared with MXNet's numbers: a GPU's where there is one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"

namespace orthrus::testing {

inline std::vector<std::string> backend_names() {
  std::vector<std::string> names = {"ref", "cpu"};
  if (!cuda_state().gpus.empty()) names.emplace_back("cuda");
  return names;
}

inline std::unique_ptr<Backend> make_backend_named(const std::string& name) {
  if (name == "cuda") return make_cuda_backend({.deterministic = true});
  return name == "cpu" ? make_cpu_backend() : make_ref_backend();
}

}  // namespace orthrus::testing
