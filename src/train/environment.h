// What a run's results came from besides its options: program, machine, data. Text only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace orthrus {

struct RunEnvironment {
  int threads = 1;
  std::string engine;                        // libraries and instruction set of the backend
  uint64_t plan = 0;                         // identity of the chosen kernels
  std::string model;                         // where the parameters came from
  std::vector<std::filesystem::path> lists;  // hashed: their bytes
};

// As JSON. Throws kInput when a list cannot be read.
[[nodiscard]] std::string environment_json(const RunEnvironment& environment);

}  // namespace orthrus
