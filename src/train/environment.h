// What a run's results came from besides its options: program, machine, data. Text only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/list.h"

namespace orthrus {

// Which pictures and labels a list holds. The pictures' own bytes are not read.
struct ListIdentity {
  std::filesystem::path path;
  size_t pictures = 0;
  uint64_t hash = 0;  // of indexes, labels and paths, whatever file they were read from
};
[[nodiscard]] ListIdentity identity_of(const ImageList& list);

struct RunEnvironment {
  int threads = 1;
  std::string engine;  // libraries and instruction set of the backend
  uint64_t plan = 0;   // identity of the chosen kernels; 0: of several
  std::string model;   // where the parameters came from
  std::vector<ListIdentity> lists;
  std::filesystem::path started_in = {};  // the folder to which the configuration's paths belong
};

// As JSON.
[[nodiscard]] std::string environment_json(const RunEnvironment& environment);

// RunEnvironment::started_in of such a file; empty where it does not say, or is no such file.
[[nodiscard]] std::filesystem::path started_in(const std::filesystem::path& file);

// In what program and machine of one such text differ from those of another, "plan: 01ab, was
// 23cd": without such differences a resumed training ends with the same bytes. Threads and lists
// are not compared. Nothing for a `then` that is no such text.
[[nodiscard]] std::vector<std::string> environment_changes(const std::string& now,
                                                           const std::string& then);

}  // namespace orthrus
