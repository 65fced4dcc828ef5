// What computes, and in which arithmetic: the options that every command that runs a network has,
// and the backend that they ask for.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/options.h"
#include "tensor/dtype.h"

namespace orthrus {

// --precision, --device, --gpus, --deterministic.
[[nodiscard]] std::vector<OptionSpec> compute_options();

// The type of the activations that --precision stands for, `auto` being bf16 where the processor or
// GPU computes in it. Throws kUsage for bf16 where it does not.
[[nodiscard]] DType activation_type(const Options& options);
// The GPU of --device and --gpus. None where they ask for the CPU, or where --gpus alone asks for
// one and this build or machine has no GPU at all. Throws kUsage for a list that is none or has
// several, and where the two contradict each other; kResource when that GPU is absent, and for
// --device cuda where there is none.
[[nodiscard]] std::optional<CudaOptions> gpu_choice(const Options& options);
// What became of `auto` and of --gpus, for people: a line each.
[[nodiscard]] std::vector<std::string> compute_notes(const Options& options);

// The processor's part of them. Throws as activation_type().
[[nodiscard]] CpuOptions cpu_choice(const Options& options, bool winograd);
// The backend for these options. `winograd`: of the processor's convolutions.
[[nodiscard]] std::unique_ptr<Backend> make_backend(const Options& options, bool winograd = true);

}  // namespace orthrus
