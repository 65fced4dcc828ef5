#include "train/benchmark.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "graph/builders/resnet.h"
#include "graph/passes/fuse.h"
#include "infer/inference.h"
#include "model/finetune.h"
#include "tasks/heads.h"
#include "train/optimizer.h"

namespace orthrus {

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kSeed = 1;
constexpr int kLookedAtSteps = 3;  // on a device, one by one
constexpr int64_t kClasses = 4;    // of the first head; the second has two

// Most resident memory that this process ever had.
double peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

Model build_model(const BenchmarkSpec& spec) {
  Preprocessing preprocessing;
  preprocessing.height = spec.height;
  preprocessing.width = spec.width;
  if (spec.source.kind != ModelSource::Kind::kBuiltin) {
    Model model = load_model(spec.source, preprocessing);
    model.preprocessing = preprocessing;  // of a model file it may be another
    return model;
  }
  const LoadedNetwork network = load_network(spec.source, kClasses, preprocessing, kSeed);
  FinetuneReport report;
  return prepare_finetune(network, spec.source,
                          {.tasks = classic_tasks(kClasses),
                           .preprocessing = preprocessing,
                           .layer = {},
                           .seed = kSeed},
                          report);
}

void fill_inputs(Plan& plan, const Model& model, int64_t batch_size, bool training) {
  RandomStream stream(kSeed, StreamPurpose::kSynthetic, 0, 0);
  for (float& value : plan.input(model.input)) value = static_cast<float>(stream.normal());
  if (!training) return;
  for (const Task& task : model.tasks) {
    for (float& weight : plan.input(task.weight_input())) weight = 1;
    const auto classes = static_cast<uint32_t>(task.classes);
    for (float& label : plan.input(task.label_input()).first(static_cast<size_t>(batch_size))) {
      label = static_cast<float>(stream.below(classes));
    }
  }
}

// One training or inference step after the other.
class BenchmarkSteps {
 public:
  BenchmarkSteps(Plan& plan, const BenchmarkSpec& spec) : plan_(plan) {
    if (!spec.training) return;
    optimizer_.emplace(plan, OptimizerOptions{});
    optimizer_->set_step(1e-3, 1.0 / static_cast<double>(spec.batch_size));
  }

  // Seconds until all of a step's work is done.
  double run() {
    const Clock::time_point start = Clock::now();
    const StepContext context{.seed = kSeed, .step = step_++};
    plan_.forward(context);
    (void)plan_.output(0);  // as a training does, for its metrics
    if (optimizer_) {
      plan_.backward(context, [this](int index, std::span<const float> gradient) {
        optimizer_->update(index, gradient);
      });
    }
    plan_.device().synchronize();
    return seconds_since(start);
  }

 private:
  Plan& plan_;
  std::optional<Optimizer> optimizer_;
  uint64_t step_ = 0;
};

// Seconds of each step; the first is the one before the timed ones. Fills the times by step of the
// plan in `result`.
std::vector<double> time_steps(Plan& plan, const BenchmarkSpec& spec, BenchmarkResult& result) {
  BenchmarkSteps steps(plan, spec);
  std::vector<double> seconds, parts;
  // A device is slowed down by looking at each step: whole ones are timed before.
  const bool on_host = plan.device().is_host();
  const auto timed = [&] {
    std::ranges::fill(parts, 0.0);
    const double time = steps.run();
    if (result.fastest_seconds.empty()) result.fastest_seconds = parts;
    std::ranges::transform(result.fastest_seconds, parts, result.fastest_seconds.begin(),
                           [](double a, double b) { return std::min(a, b); });
    return time;
  };
  if (!on_host) {
    // The first work is done step by step, the second recorded.
    seconds.push_back(steps.run());
    for (int step = 0; step < 2; ++step) steps.run();
    for (int step = 0; step < spec.steps; ++step) seconds.push_back(steps.run());
  }
  plan.measure_steps(&parts);
  double fastest = std::numeric_limits<double>::infinity();
  for (int step = 0; step <= (on_host ? spec.steps : kLookedAtSteps); ++step) {
    const double time = timed();
    if (on_host) seconds.push_back(time);
    if (time <= fastest) result.traced_seconds = parts;
    fastest = std::min(fastest, time);
  }
  plan.measure_steps(nullptr);
  return seconds;
}

// The speed of a model whose answers are no numbers would say nothing.
void check_outputs(Plan& plan, size_t tasks, const ModelSource& source) {
  for (size_t task = 0; task < tasks; ++task) {
    if (std::ranges::all_of(plan.output(static_cast<int>(task)),
                            [](float value) { return std::isfinite(value); })) {
      continue;
    }
    throw input_error("{}: the answers to random images are not finite numbers", source.to_string())
        .with_hint("the model's values overflow, as after a training that diverged");
  }
}

}  // namespace

BenchmarkResult run_benchmark(const BenchmarkSpec& spec) {
  const Clock::time_point start = Clock::now();
  const std::unique_ptr<Backend> backend =
      spec.cuda ? make_cuda_backend(*spec.cuda) : make_cpu_backend(spec.cpu);
  const size_t available = backend->device().available_bytes();
  BenchmarkResult result;
  std::optional<Model> model = build_model(spec);
  const FoldedGraph folded =
      spec.training ? FoldedGraph{weigh_samples(model->graph), {}} : fold_batch_norm(model->graph);
  const Graph graph = spec.training ? fuse_batch_norm(folded.graph) : inference_graph(folded);
  Plan plan(graph, {{model->input, picture_shape(model->preprocessing, spec.batch_size)}}, *backend,
            {.training = spec.training, .memory = spec.memory, .same_sink = true});
  plan.load_parameters(fold_parameters(folded, model->parameters));
  fill_inputs(plan, *model, spec.batch_size, spec.training);
  const size_t tasks = model->tasks.size();
  model.reset();  // the plan has its own copy of the parameters
  result.start_seconds = seconds_since(start);

  std::vector<double> seconds = time_steps(plan, spec, result);
  result.first_step_seconds = seconds.front();
  if (!spec.training && spec.source.kind != ModelSource::Kind::kBuiltin) {
    check_outputs(plan, tasks, spec.source);
  }
  seconds.erase(seconds.begin());
  std::ranges::sort(seconds);
  const auto batch = static_cast<double>(spec.batch_size);
  result.images_per_second = batch / seconds.front();
  result.undisturbed_images_per_second =
      batch / std::accumulate(result.fastest_seconds.begin(), result.fastest_seconds.end(), 0.0);
  result.median_images_per_second = batch / seconds[seconds.size() / 2];
  result.peak_memory_bytes = peak_memory_bytes();
  if (spec.cuda) {
    result.device_bytes = static_cast<double>(available - backend->device().available_bytes());
  }
  result.memory = plan.memory();
  result.steps = plan.listing();
  result.reference_layers = plan.reference_layers();
  result.refusals = plan.refusals();
  result.flops_per_image =
      std::accumulate(result.steps.begin(), result.steps.end(), 0.0,
                      [](double sum, const StepInfo& step) { return sum + step.flops; }) /
      batch;
  result.fullest_step_buffers = plan.fullest_step_buffers();
  if (spec.cuda) {
    const GpuPeak peak = measure_gpu_peak(*spec.cuda);
    result.peak_flops = peak.flops;
    result.peak_bandwidth = peak.bandwidth;
    return result;
  }
  result.peak_flops = measure_peak_flops();
  if (spec.bandwidth) result.peak_bandwidth = measure_peak_bandwidth();
  return result;
}

}  // namespace orthrus
