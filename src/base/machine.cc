#include "base/machine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <array>
#include <sstream>
#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace orthrus {

std::string program_version() {
  return ORTHRUS_VERSION;
}

std::string compiler_name() {
#if defined(__clang__)
  return "Clang " __clang_version__;
#else
  return "GCC " __VERSION__;
#endif
}

std::string processor_name() {
  const std::string name = system_field(system_text("/proc/cpuinfo"), "model name");
  return name.empty() ? "unknown" : name;
}

std::string instruction_sets() {
  const std::string flags = " " + system_field(system_text("/proc/cpuinfo"), "flags") + " ";
  std::vector<std::string_view> present;
  for (const std::string_view set :
       {"avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16"}) {
    if (flags.find(fmt::format(" {} ", set)) != std::string::npos) present.push_back(set);
  }
  return present.empty() ? "none of avx2, avx512, amx" : fmt::format("{}", fmt::join(present, " "));
}

std::string host_name() {
  std::array<char, 256> name = {};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

std::string system_text(const std::string& path) {
  try {
    return read_text(path);
  } catch (const Error&) {
    return "";
  }
}

std::string system_field(const std::string& text, std::string_view name) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos || !line.starts_with(name)) continue;
    const size_t start = line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return "";
}

}  // namespace orthrus
