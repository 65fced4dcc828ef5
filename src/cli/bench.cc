// `orthrus bench`: speed and memory of a network on pictures in memory, or of the loader alone.
#include <fmt/format.h>

#include "base/file.h"
#include "base/threads.h"
#include "cli/bench_data.h"
#include "cli/bench_report.h"
#include "cli/commands.h"
#include "cli/model_argument.h"
#include "data/options.h"
#include "infer/compute.h"
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
      memory_option(),
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
      {.key = "bench.profile",
       .flag = "--profile",
       .type = OptionType::kBoolean,
       .default_text = "off",
       .help = "Rank kinds of steps and single steps by time, with their share of what arithmetic "
               "and memory allow.",
       .group = "Output"},
      {.key = "bench.memory_report",
       .flag = "--memory-report",
       .type = OptionType::kBoolean,
       .default_text = "off",
       .help = "Say where the bytes are.",
       .group = "Output"},
      {.key = "bench.trace",
       .flag = "--trace",
       .value_name = "FILE",
       .help = "Write the steps of the fastest training step as a trace for chrome://tracing or "
               "ui.perfetto.dev.",
       .group = "Output"},
      json_option(),
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
  spec.bandwidth = options.boolean("bench.profile");
  spec.memory = memory_mode_named(options.text("memory"));
  spec.cpu = cpu_choice(options, !options.boolean("bench.exact"));
  spec.cuda = gpu_choice(options);
  if (spec.cuda) spec.cuda->activations = spec.cpu.activations;
  return spec;
}

int run_bench(const Options& options, CommandContext& context) {
  if (options.has("bench.data")) return run_data_bench(options, context);
  const BenchmarkSpec spec = spec_of(options);
  set_threads(thread_count(options));
  if (!options.boolean("json")) {
    for (const std::string& note : compute_notes(options)) fmt::print(context.out, "{}\n", note);
  }
  const std::string trace = options.text("bench.trace");
  if (!trace.empty()) check_writable(trace);
  const BenchmarkResult result = run_benchmark(spec);
  if (!trace.empty()) write_file(trace, chrome_trace(result));
  if (options.boolean("json")) {
    fmt::print(context.out, "{}\n", to_json(spec, result).dump(2));
    return 0;
  }
  if (options.boolean("bench.plan")) print_plan(context.out, result);
  if (options.boolean("bench.profile")) print_profile(context.out, result);
  if (options.boolean("bench.memory_report")) print_memory(context.out, result);
  print_summary(context.out, spec, result);
  return 0;
}

}  // namespace

Command make_bench_command() {
  Command command;
  command.name = "bench";
  command.summary = "Measure the speed of training, inference or loading";
  command.options.add(bench_options());
  command.options.add(compute_options());
  command.options.add(bench_data_options());
  command.options.add(picture_options());
  command.options.add(augmentation_options());
  command.examples = {"orthrus bench --model resnet50_v2 --batch-size 16 --threads 2",
                      "orthrus bench --mode infer --batch-size 1 --json",
                      "orthrus bench --data train.lst --images photos --threads 2"};
  command.run = run_bench;
  return command;
}

}  // namespace orthrus
