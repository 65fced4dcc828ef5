// cuDNN and cuBLAS are loaded when a GPU is first used: loading them takes a third of a second, and
// the program is to run where they are not.
#pragma once

#include <string>

namespace orthrus::cuda {

// Loads both; why that is impossible, or nothing.
[[nodiscard]] std::string load_libraries();

}  // namespace orthrus::cuda
