#include "base/machine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
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

namespace {

// The number at the start of a text, or of the line "name number" in it.
std::optional<size_t> number_in(const std::string& text, std::string_view name = "") {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name)) continue;
    size_t number = 0;
    if (std::istringstream(line.substr(name.size())) >> number) return number;
  }
  return std::nullopt;
}

}  // namespace

size_t available_memory_bytes() {
  const std::optional<size_t> kibibytes =
      number_in(system_field(system_text("/proc/meminfo"), "MemAvailable"));
  const size_t available = kibibytes.value_or(0) * 1024;
  const std::optional<size_t> limit = number_in(system_text("/sys/fs/cgroup/memory.max"));
  const std::optional<size_t> used = number_in(system_text("/sys/fs/cgroup/memory.current"));
  if (!limit || !used) return available;
  // Pages of files count as used, but give way.
  const size_t files = number_in(system_text("/sys/fs/cgroup/memory.stat"), "file ").value_or(0);
  const size_t taken = *used - std::min(*used, files);
  const size_t left = *limit - std::min(*limit, taken);
  return available == 0 ? left : std::min(available, left);
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
