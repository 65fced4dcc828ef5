// `orthrus bench`: speed and memory of a network on pictures in memory.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/threads.h"
#include "cli/commands.h"
#include "infer/options.h"
#include "model/options.h"
#include "train/benchmark.h"

namespace orthrus {

namespace {

std::vector<OptionSpec> bench_options() {
  return {
      {.key = "bench.model",
       .flag = "--model",
       .default_text = "resnet50_v2",
       .value_name = "MODEL",
       .help = "Built-in network to measure, or any model that evaluate takes.",
       .group = "What is measured"},
      {.key = "bench.batch_size",
       .flag = "--batch-size",
       .type = OptionType::kInteger,
       .default_text = "16",
       .min = 1,
       .max = 65536,
       .help = "Pictures per step.",
       .group = "What is measured"},
      image_shape_option(),
      {.key = "bench.mode",
       .flag = "--mode",
       .type = OptionType::kChoice,
       .default_text = "train",
       .choices = {"train", "infer"},
       .help = "A whole training step, of a built-in network with two heads, or forward alone.",
       .group = "What is measured"},
      threads_option(),
      precision_option(),
      {.key = "bench.steps",
       .flag = "--steps",
       .type = OptionType::kInteger,
       .default_text = "6",
       .min = 1,
       .max = 100000,
       .help = "Timed steps; one more goes before.",
       .group = "How"},
      {.key = "bench.exact",
       .flag = "--exact",
       .type = OptionType::kBoolean,
       .default_text = "off",
       .help = "Leave out Winograd's convolutions, which round a little differently.",
       .group = "How"},
      {.key = "bench.plan",
       .flag = "--plan",
       .type = OptionType::kBoolean,
       .default_text = "off",
       .help = "List the steps with bytes, fastest time, chosen kernels and layouts.",
       .group = "Output"},
      {.key = "bench.json",
       .flag = "--json",
       .type = OptionType::kBoolean,
       .default_text = "off",
       .help = "Print one JSON object.",
       .group = "Output"},
  };
}

BenchmarkSpec spec_of(const Options& options) {
  BenchmarkSpec spec;
  spec.source = resolve_model(options.text("bench.model"), {});
  const auto own = describe_source(spec.source).preprocessing;
  const Preprocessing pictures = own ? preprocessing_of(options, *own) : preprocessing_of(options);
  spec.batch_size = options.integer("bench.batch_size");
  spec.height = pictures.height;
  spec.width = pictures.width;
  spec.training = options.text("bench.mode") == "train";
  spec.steps = static_cast<int>(options.integer("bench.steps"));
  spec.cpu.winograd = !options.boolean("bench.exact");
  spec.cpu.activations = activation_type(options);
  return spec;
}

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
  constexpr double kMega = 1e6, kGiga = 1e9;
  fmt::print(out, "{} {}, batch {}, 3x{}x{}, {}, {} threads\n", spec.source.name,
             spec.training ? "training step with two heads" : "inference", spec.batch_size,
             spec.height, spec.width, name_of(spec.cpu.activations), current_threads());
  fmt::print(out, "  speed        {:8.2f} images/s (fastest of {} steps; median {:.2f})\n",
             result.images_per_second, spec.steps, result.median_images_per_second);
  fmt::print(out, "  undisturbed  {:8.2f} images/s (every layer at its fastest)\n",
             result.undisturbed_images_per_second);
  fmt::print(out, "  arithmetic   {:8.1f} GFLOP/s of {:.1f} multiply-add peak: {:.0f} %\n",
             result.flops() / kGiga, result.peak_flops / kGiga,
             100 * result.flops() / result.peak_flops);
  fmt::print(out, "  peak memory  {:8.0f} MB (arena {:.0f}, parameters and inputs {:.0f})\n",
             result.peak_memory_bytes / kMega,
             static_cast<double>(result.memory.arena_bytes) / kMega,
             static_cast<double>(result.memory.persistent_bytes) / kMega);
  fmt::print(out, "  start        {:8.2f} s, first step {:.2f} s\n", result.start_seconds,
             result.first_step_seconds);
  if (!result.reference_layers.empty()) {
    fmt::print(out, "  plain loops  {} layers, the first is {}\n", result.reference_layers.size(),
               result.reference_layers.front());
  }
}

int run_bench(const Options& options, CommandContext& context) {
  const BenchmarkSpec spec = spec_of(options);
  set_threads(thread_count(options));
  const BenchmarkResult result = run_benchmark(spec);
  if (options.boolean("bench.json")) {
    fmt::print(context.out, "{}\n", to_json(spec, result).dump(2));
    return 0;
  }
  if (options.boolean("bench.plan")) print_plan(context.out, result);
  print_summary(context.out, spec, result);
  return 0;
}

}  // namespace

Command make_bench_command() {
  Command command;
  command.name = "bench";
  command.summary = "Measure training or inference speed on tensors in memory";
  command.options.add(bench_options());
  command.examples = {"orthrus bench --model resnet50_v2 --batch-size 16 --threads 2",
                      "orthrus bench --mode infer --batch-size 1 --json"};
  command.run = run_bench;
  return command;
}

}  // namespace orthrus
