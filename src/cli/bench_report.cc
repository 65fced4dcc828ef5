#include "cli/bench_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <vector>

#include "base/threads.h"

namespace orthrus {

namespace {

constexpr double kMega = 1e6, kGiga = 1e9;

// Steps of one kind, or one step.
struct Cost {
  double seconds = 0, flops = 0, bytes = 0;
  double least_seconds = 0;  // what arithmetic or memory, whichever is slower, would take
  int steps = 0;
};

Cost cost_of(const BenchmarkResult& result, size_t step) {
  const StepInfo& info = result.steps[step];
  const auto bytes = static_cast<double>(info.bytes);
  return {.seconds = result.fastest_seconds[step],
          .flops = info.flops,
          .bytes = bytes,
          .least_seconds = std::max(info.flops / result.peak_flops, bytes / result.peak_bandwidth),
          .steps = 1};
}

void add(Cost& sum, const Cost& cost) {
  sum.seconds += cost.seconds;
  sum.flops += cost.flops;
  sum.bytes += cost.bytes;
  sum.least_seconds += cost.least_seconds;
  sum.steps += cost.steps;
}

void print_cost(std::FILE* out, const Cost& cost, double whole, const std::string& what) {
  const double seconds = std::max(cost.seconds, 1e-9);
  fmt::print(out, "{:>6.1f} {:>9.3f} {:>6} {:>8.1f} {:>7.1f} {:>6.0f}  {}\n",
             100 * cost.seconds / whole, cost.seconds * 1e3, cost.steps,
             cost.flops / seconds / kGiga, cost.bytes / seconds / kGiga,
             100 * cost.least_seconds / seconds, what);
}

}  // namespace

nlohmann::ordered_json to_json(const BenchmarkSpec& spec, const BenchmarkResult& result) {
  nlohmann::ordered_json json = {
      {"network", spec.source.name},
      {"mode", spec.training ? "train" : "infer"},
      {"batch_size", spec.batch_size},
      {"image_shape", {3, spec.height, spec.width}},
      {"threads", current_threads()},
      {"precision", name_of(spec.cpu.activations)},
      {"images_per_second", result.images_per_second},
      {"median_images_per_second", result.median_images_per_second},
      {"undisturbed_images_per_second", result.undisturbed_images_per_second},
      {"first_step_seconds", result.first_step_seconds},
      {"start_seconds", result.start_seconds},
      {"gflop_per_image", result.flops_per_image / 1e9},
      {"gflops", result.flops() / 1e9},
      {"peak_gflops", result.peak_flops / 1e9},
      {"peak_memory_bytes", result.peak_memory_bytes},
      {"arena_bytes", result.memory.arena_bytes},
      {"persistent_bytes", result.memory.persistent_bytes},
  };
  if (spec.cuda) {
    json["gpu"] = spec.cuda->gpu;
    json["gpu_memory_bytes"] = result.device_bytes;
  }
  return json;
}

void print_plan(std::FILE* out, const BenchmarkResult& result) {
  fmt::print(out, "{:<34} {:<16} {:<17} {:>9} {:>9} {:>9} {:>8}  {}\n", "layer", "operator", "step",
             "MFLOP", "KiB", "ms", "GFLOP/s", "kernel, layouts");
  for (size_t i = 0; i < result.steps.size(); ++i) {
    const StepInfo& step = result.steps[i];
    const double seconds = result.fastest_seconds[i];
    fmt::print(out, "{:<34} {:<16} {:<17} {:>9.1f} {:>9} {:>9.3f} {:>8.1f}  {} {}\n", step.layer,
               step.op, step.step, step.flops / 1e6, step.bytes / 1024, seconds * 1e3,
               seconds > 0 ? step.flops / seconds / 1e9 : 0.0, step.implementation, step.layouts);
  }
  for (const std::string& refusal : result.refusals) fmt::print(out, "{}\n", refusal);
}

void print_summary(std::FILE* out, const BenchmarkSpec& spec, const BenchmarkResult& result) {
  fmt::print(out, "{} {}, batch {}, 3x{}x{}, {}, {}\n", spec.source.name,
             spec.training ? "training step with two heads" : "inference", spec.batch_size,
             spec.height, spec.width, name_of(spec.cpu.activations),
             spec.cuda ? fmt::format("GPU {}", spec.cuda->gpu)
                       : fmt::format("{} threads", current_threads()));
  fmt::print(out, "  speed        {:8.2f} images/s (fastest of {} steps; median {:.2f})\n",
             result.images_per_second, spec.steps, result.median_images_per_second);
  fmt::print(out, "  undisturbed  {:8.2f} images/s (every layer at its fastest)\n",
             result.undisturbed_images_per_second);
  fmt::print(out, "  arithmetic   {:8.1f} GFLOP/s of {:.1f} multiply-add peak: {:.0f} %\n",
             result.flops() / kGiga, result.peak_flops / kGiga,
             100 * result.flops() / result.peak_flops);
  fmt::print(out, "  {}  {:8.0f} MB (arena {:.0f}, parameters and inputs {:.0f})\n",
             spec.cuda ? "GPU memory " : "peak memory",
             (spec.cuda ? result.device_bytes : result.peak_memory_bytes) / kMega,
             static_cast<double>(result.memory.arena_bytes) / kMega,
             static_cast<double>(result.memory.persistent_bytes) / kMega);
  fmt::print(out, "  start        {:8.2f} s, first step {:.2f} s\n", result.start_seconds,
             result.first_step_seconds);
  if (!result.reference_layers.empty()) {
    fmt::print(out, "  plain loops  {} layers, the first is {}\n", result.reference_layers.size(),
               result.reference_layers.front());
  }
}

void print_profile(std::FILE* out, const BenchmarkResult& result) {
  constexpr size_t kSlowest = 20;
  std::map<std::string, Cost> kinds;
  std::vector<std::pair<Cost, size_t>> steps;
  Cost all;
  for (size_t i = 0; i < result.steps.size(); ++i) {
    const Cost cost = cost_of(result, i);
    add(all, cost);
    add(kinds[result.steps[i].op + " " + result.steps[i].step], cost);
    steps.emplace_back(cost, i);
  }
  std::vector<std::pair<std::string, Cost>> ranked(kinds.begin(), kinds.end());
  std::ranges::sort(ranked, std::greater<>{}, [](const auto& kind) { return kind.second.seconds; });
  std::ranges::stable_sort(steps, std::greater<>{},
                           [](const auto& step) { return step.first.seconds; });
  if (steps.size() > kSlowest) steps.resize(kSlowest);

  const std::string head = fmt::format("{:>6} {:>9} {:>6} {:>8} {:>7} {:>6}  ", "% time", "ms",
                                       "steps", "GFLOP/s", "GB/s", "roof %");
  fmt::print(out, "{}kind of step, every step at its fastest\n", head);
  for (const auto& [kind, cost] : ranked) print_cost(out, cost, all.seconds, kind);
  print_cost(out, all, all.seconds, "in all");
  fmt::print(out, "\n{}the {} slowest steps\n", head, steps.size());
  for (const auto& [cost, i] : steps) {
    const StepInfo& info = result.steps[i];
    print_cost(
        out, cost, all.seconds,
        fmt::format("{} {} ({} {})", info.layer, info.step, info.implementation, info.layouts));
  }
  fmt::print(out,
             "roof: {:.0f} GFLOP/s multiply-add, {:.1f} GB/s copied, both measured now. Winograd's "
             "algorithm multiplies\nless than is counted, bf16 does more at once, and what the "
             "caches hold is faster than memory: more than 100 %.\n\n",
             result.peak_flops / kGiga, result.peak_bandwidth / kGiga);
}

void print_memory(std::FILE* out, const BenchmarkResult& result) {
  constexpr size_t kLargest = 20;
  const PlanMemory& memory = result.memory;
  const auto megabytes = [](size_t bytes) { return static_cast<double>(bytes) / kMega; };
  fmt::print(out, "{:>9.1f} MB  parameters and running statistics\n",
             megabytes(memory.parameter_bytes));
  fmt::print(out, "{:>9.1f} MB  pictures, labels and answers\n",
             megabytes(memory.persistent_bytes - memory.parameter_bytes));
  fmt::print(out, "{:>9.1f} MB  arena (the most alive at one step: {:.1f})\n",
             megabytes(memory.arena_bytes), megabytes(memory.lower_bound_bytes));
  fmt::print(out, "{:>9.1f} MB  most of the process at any time\n",
             result.peak_memory_bytes / kMega);
  fmt::print(out, "in the arena where it is fullest, from step to step of the plan:\n");
  size_t shown = 0, rest = 0;
  for (const BufferInfo& buffer : result.fullest_step_buffers) {
    if (shown++ >= kLargest) {
      rest += buffer.size_bytes;
      continue;
    }
    fmt::print(out, "{:>9.1f} MB  {:>4} to {:>4}  {}\n", megabytes(buffer.size_bytes),
               buffer.first_step, buffer.last_step, buffer.name);
  }
  if (shown > kLargest) {
    fmt::print(out, "{:>9.1f} MB  in {} smaller ones\n", megabytes(rest), shown - kLargest);
  }
  fmt::print(out, "\n");
}

std::string chrome_trace(const BenchmarkResult& result) {
  constexpr double kMicro = 1e6;
  nlohmann::ordered_json events = nlohmann::ordered_json::array();
  double start = 0;
  for (size_t i = 0; i < result.steps.size(); ++i) {
    const StepInfo& info = result.steps[i];
    const double duration = result.traced_seconds[i] * kMicro;
    events.push_back({{"name", info.layer + " " + info.step},
                      {"cat", info.op},
                      {"ph", "X"},
                      {"ts", start},
                      {"dur", duration},
                      {"pid", 1},
                      {"tid", 1},
                      {"args",
                       {{"kernel", info.implementation},
                        {"layouts", info.layouts},
                        {"gflop", info.flops / kGiga},
                        {"megabytes", static_cast<double>(info.bytes) / kMega}}}});
    start += duration;
  }
  return nlohmann::ordered_json({{"traceEvents", events}, {"displayTimeUnit", "ms"}}).dump(1);
}

}  // namespace orthrus
