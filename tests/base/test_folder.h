// Where the tests' files are: where they were built, unless ORTHRUS_TEST_DIR_OVERRIDE names another
// place, as scripts/gpu_bundle does on a machine that runs test programs of this one.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace orthrus::testing {

inline std::filesystem::path test_folder() {
  const char* moved = std::getenv("ORTHRUS_TEST_DIR_OVERRIDE");
  return moved != nullptr && *moved != '\0' ? moved : ORTHRUS_TEST_DIR;
}

}  // namespace orthrus::testing
