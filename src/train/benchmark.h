// Benchmark: the speed and memory of a network on pictures that are in memory already: a whole
// training step (forward, backward, optimizer), or inference. A built-in network gets the classic
// two heads, a model has its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "exec/plan.h"
#include "model/source.h"

namespace orthrus {

struct BenchmarkSpec {
  ModelSource source{.kind = ModelSource::Kind::kBuiltin, .name = "resnet50_v2"};
  int64_t batch_size = 16;
  int64_t height = 224;
  int64_t width = 224;
  bool training = true;
  MemoryMode memory = MemoryMode::kAuto;
  int steps = 6;           // timed ones; one more goes before
  bool bandwidth = false;  // measure the memory's bandwidth too
  CpuOptions cpu;
  std::optional<CudaOptions> cuda;  // on a GPU in place of the processor
};

struct BenchmarkResult {
  double images_per_second = 0;         // of the fastest step
  double median_images_per_second = 0;  // of the median step
  double first_step_seconds = 0;
  double start_seconds = 0;      // building the network, its values and the plan
  double flops_per_image = 0;    // multiplications and additions of the plan's kernels
  double peak_flops = 0;         // measured beside it
  double peak_bandwidth = 0;     // likewise, bytes per second; 0: spec.bandwidth was false
  double peak_memory_bytes = 0;  // of the process, over its whole life
  double device_bytes = 0;       // taken of a GPU's memory, all in all
  PlanMemory memory;
  std::vector<StepInfo> steps;
  std::vector<double> fastest_seconds;  // by step of the plan
  std::vector<double> traced_seconds;   // the same of one whole training step, the fastest
  std::vector<BufferInfo> fullest_step_buffers;
  // Were every step of the plan at its fastest: what remains when other processes disturb nothing;
  // on a GPU what its steps reach one by one, each waited for.
  double undisturbed_images_per_second = 0;
  std::vector<std::string> reference_layers;
  std::vector<std::string> refusals;

  [[nodiscard]] double flops() const { return images_per_second * flops_per_image; }
};

// Throws kUsage for an unknown network, kInput for a model that cannot be read or a picture size
// that does not fit it.
[[nodiscard]] BenchmarkResult run_benchmark(const BenchmarkSpec& spec);

}  // namespace orthrus
