// `orthrus doctor`: what this program was built with and what it finds on this machine, ready to be
// pasted into a report.
#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>

#include "backend/backend.h"
#include "base/machine.h"
#include "base/threads.h"
#include "cli/commands.h"

namespace orthrus {

namespace {

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

// How threads wait for each other: what libgomp found when it was loaded.
std::string waiting_threads(const Environment& environment) {
  std::string text;
  for (const char* name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}) {
    const auto found = environment.find(name);
    if (found == environment.end()) continue;
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, found->second);
  }
  return text;
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
  const std::string memory = system_text("/proc/meminfo");
  print("orthrus", program_version());
  print("compiler", compiler_name());
  print("processor", processor_name());
  print("instructions", instruction_sets());
  print("engine", cpu_backend_description());
  print("cores",
        fmt::format("{} usable, {} threads by default", usable_cores(), current_threads()));
  print("waiting", waiting_threads(context.environment));
  print("memory", fmt::format("{:.1f} GiB, {:.1f} GiB available{}",
                              gibibytes(system_field(memory, "MemTotal")),
                              gibibytes(system_field(memory, "MemAvailable")), cgroup_limit()));
  const CudaState gpu = cuda_state();
  for (size_t i = 0; i < gpu.gpus.size(); ++i) print("GPU", fmt::format("{}: {}", i, gpu.gpus[i]));
  if (gpu.gpus.empty()) print("GPU", "none: " + gpu.problem);
  if (gpu.built) print("CUDA", gpu.libraries);
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
