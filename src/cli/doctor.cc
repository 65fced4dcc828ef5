// `orthrus doctor`: what this program was built with and what it finds on this machine, ready to be
// pasted into a report.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "base/error.h"
#include "base/file.h"
#include "base/threads.h"
#include "cli/commands.h"

namespace orthrus {

namespace {

std::string compiler() {
#if defined(__clang__)
  return "Clang " __clang_version__;
#else
  return "GCC " __VERSION__;
#endif
}

// A file of /proc or /sys, or nothing where it is absent.
std::string system_text(const std::string& path) {
  try {
    return read_text(path);
  } catch (const Error&) {
    return "";
  }
}

// The value of the first "name : value" line.
std::string field(const std::string& text, std::string_view name) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos || !line.starts_with(name)) continue;
    const size_t start = line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return "";
}

// The instruction sets that kernels are chosen by, as far as processor and system allow them.
std::string instruction_sets(const std::string& cpu) {
  const std::string flags = " " + field(cpu, "flags") + " ";
  std::vector<std::string_view> present;
  for (const std::string_view set :
       {"avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16"}) {
    if (flags.find(fmt::format(" {} ", set)) != std::string::npos) present.push_back(set);
  }
  return present.empty() ? "none of avx2, avx512, amx" : fmt::format("{}", fmt::join(present, " "));
}

double gibibytes(const std::string& kibibytes) {
  int64_t number = 0;
  std::istringstream(kibibytes) >> number;
  return static_cast<double>(number) / (1024 * 1024);
}

std::string cgroup_limit() {
  std::string text = system_text("/sys/fs/cgroup/memory.max");
  int64_t bytes = 0;
  if (!(std::istringstream(text) >> bytes)) return "";
  return fmt::format(", limited to {:.1f} GiB", static_cast<double>(bytes) / (1 << 30));
}

std::string demo_data_state() {
  return std::filesystem::exists("/usr/share/datasets/fashion-mnist")
             ? "found"
             : "not found (package dataset-fashion-mnist; only orthrus demo-data needs it)";
}

int run_doctor(const Options&, CommandContext& context) {
  const auto print = [&](std::string_view name, const std::string& value) {
    fmt::print(context.out, "{:<14} {}\n", name, value);
  };
  const std::string cpu = system_text("/proc/cpuinfo");
  const std::string memory = system_text("/proc/meminfo");
  const std::string model = field(cpu, "model name");
  print("orthrus", ORTHRUS_VERSION);
  print("compiler", compiler());
  print("processor", model.empty() ? "unknown" : model);
  print("instructions", instruction_sets(cpu));
  print("engine", cpu_backend_description());
  print("cores",
        fmt::format("{} usable, {} threads by default", usable_cores(), current_threads()));
  print("memory",
        fmt::format("{:.1f} GiB, {:.1f} GiB available{}", gibibytes(field(memory, "MemTotal")),
                    gibibytes(field(memory, "MemAvailable")), cgroup_limit()));
  print("GPU", "not in this build");
  print("demo data", demo_data_state());
  return 0;
}

}  // namespace

Command make_doctor_command() {
  return {.name = "doctor",
          .summary = "Show the version, the build, and what this machine offers",
          .examples = {"orthrus doctor"},
          .run = run_doctor};
}

}  // namespace orthrus
