#include "infer/compute.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cstdlib>

#include "base/error.h"

namespace orthrus {
namespace {

// Of "0", "0,1".
std::vector<int> gpu_numbers(const Options& options) {
  const std::string& text = options.text("gpus");
  std::vector<int> numbers;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    int number = -1;
    const auto [stop, error] = std::from_chars(text.data() + begin, text.data() + end, number);
    if (error != std::errc() || stop != text.data() + end || number < 0) {
      throw usage_error("{}: '{}' is no list of GPUs such as 0", options.where("gpus"), text);
    }
    numbers.push_back(number);
    begin = end + 1;
  }
  return numbers;
}

// --device and --gpus against each other: a flag goes before the environment, that before a file.
// Throws kUsage where both are given in the same place and contradict each other.
bool on_cpu(const Options& options) {
  if (options.text("device") != "cpu") return false;
  if (!options.has("gpus")) return true;
  const OptionOrigin device = options.origin("device"), gpus = options.origin("gpus");
  if (device != gpus) return device > gpus;
  throw usage_error("{} cpu and {} {} contradict each other", options.where("device"),
                    options.where("gpus"), options.text("gpus"))
      .with_hint("keep one of them");
}

// The GPUs that the options ask for; the first one where --device cuda names none.
std::vector<int> wanted_gpus(const Options& options) {
  if (on_cpu(options)) return {};
  std::vector<int> numbers = gpu_numbers(options);
  if (numbers.empty() && options.text("device") == "cuda") numbers.push_back(0);
  return numbers;
}

// The user's folder for what can be made again; empty where there is none.
std::filesystem::path cache_folder() {
  const char* caches = std::getenv("XDG_CACHE_HOME");
  if (caches != nullptr && *caches == '/') return std::filesystem::path(caches) / "orthrus";
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') return {};
  return std::filesystem::path(home) / ".cache" / "orthrus";
}

}  // namespace

std::vector<OptionSpec> compute_options() {
  return {
      {.key = "precision",
       .flag = "--precision",
       .type = OptionType::kChoice,
       .default_text = "f32",
       .choices = {"auto", "f32", "bf16"},
       .help = "Arithmetic. bf16: activations and the convolutions' copies of the weights in "
               "bfloat16, all else in float32; auto: bf16 where the processor or GPU has it.",
       .group = "Machine"},
      {.key = "device",
       .flag = "--device",
       .type = OptionType::kChoice,
       .default_text = "auto",
       .choices = {"auto", "cpu", "cuda"},
       .help = "What computes. cuda: an NVIDIA GPU, the first one unless --gpus names another, and "
               "an error where there is none; auto: the CPU, unless --gpus is given.",
       .value_hint = "an NVIDIA GPU is 'cuda', and --gpus N chooses among several",
       .group = "Machine",
       .incidental = true},
      {.key = "gpus",
       .flag = "--gpus",
       .value_name = "N",
       .help = "GPU to compute on, by its number; the processor where none is given, or where this "
               "build or machine has none. orthrus doctor lists them.",
       .group = "Machine",
       .incidental = true},
      {.key = "deterministic",
       .flag = "--deterministic",
       .type = OptionType::kBoolean,
       .default_text = "off",
       .help = "On a GPU, choose convolutions without measuring and only from those that add up in "
               "a fixed order, so that every run gives the same bytes. The processor's always do.",
       .group = "Machine"},
      {.key = "autotune",
       .flag = "--autotune",
       .type = OptionType::kBoolean,
       .default_text = "off",
       .help =
           "Measure more before the first step, and keep what was found in ~/.cache/orthrus. On "
           "the processor: the algorithm of each float32 convolution and of its gradients, "
           "which else a fixed rule chooses (seconds). On a GPU, in inference: convolutions "
           "that take along the additions and ReLUs that follow (most of a minute).",
       .group = "Machine",
       .incidental = true},
  };
}

std::optional<CudaOptions> gpu_choice(const Options& options) {
  const std::vector<int> numbers = wanted_gpus(options);
  if (numbers.empty()) return std::nullopt;
  const CudaState state = cuda_state();
  if (state.gpus.empty()) {
    if (options.text("device") != "cuda") return std::nullopt;
    throw resource_error("{} cuda: {}", options.where("device"), state.problem)
        .with_hint("--device cpu computes on the CPU; orthrus doctor shows what this machine has");
  }
  for (const int number : numbers) {
    if (number < std::ssize(state.gpus)) continue;
    throw resource_error("{}: there is no GPU {}", options.where("gpus"), number)
        .with_hint(fmt::format("there are {}: {}", state.gpus.size(), fmt::join(state.gpus, "; ")));
  }
  if (numbers.size() > 1) {
    throw usage_error("{}: one GPU at a time, got {}", options.where("gpus"), options.text("gpus"));
  }
  return CudaOptions{.gpu = numbers.front(),
                     .activations = DType::kF32,
                     .deterministic = options.boolean("deterministic"),
                     .autotune = options.boolean("autotune"),
                     .cache = cache_folder()};
}

DType activation_type(const Options& options) {
  const std::string asked = options.text("precision");
  const bool present = gpu_choice(options).has_value() || !bf16_instructions().empty();
  if (asked == "bf16" && !present) {
    throw usage_error(
        "{}: got bf16, but this processor has no arithmetic in it (AVX512_BF16 or AMX)",
        options.where("precision"))
        .with_hint("--precision f32, or auto");
  }
  return asked == "bf16" || (asked == "auto" && present) ? DType::kBF16 : DType::kF32;
}

std::vector<std::string> compute_notes(const Options& options) {
  std::vector<std::string> notes;
  const std::optional<CudaOptions> gpu = gpu_choice(options);
  if (gpu) {
    notes.push_back(
        fmt::format("GPU {}: {}", gpu->gpu, cuda_state().gpus[static_cast<size_t>(gpu->gpu)]));
  } else if (!wanted_gpus(options).empty()) {
    notes.push_back(fmt::format("--gpus {}: {}; computing on the processor", options.text("gpus"),
                                cuda_state().problem));
  }
  if (options.text("precision") != "auto") return notes;
  if (gpu) {
    notes.emplace_back("precision bf16: the GPU has it");
  } else if (bf16_instructions().empty()) {
    notes.emplace_back("precision f32: the processor has no bf16");
  } else {
    notes.push_back(fmt::format("precision bf16: the processor has {}", bf16_instructions()));
  }
  return notes;
}

CpuOptions cpu_choice(const Options& options, bool winograd) {
  return {.winograd = winograd,
          .activations = activation_type(options),
          .autotune = options.boolean("autotune"),
          .cache = cache_folder()};
}

std::unique_ptr<Backend> make_backend(const Options& options, bool winograd) {
  std::optional<CudaOptions> gpu = gpu_choice(options);
  if (!gpu) return make_cpu_backend(cpu_choice(options, winograd));
  gpu->activations = activation_type(options);
  return make_cuda_backend(*gpu);
}

}  // namespace orthrus
