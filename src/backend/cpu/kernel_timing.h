// How long the steps of a kernel take, on buffers of zeros.
#pragma once

#include <map>
#include <string>

#include "backend/backend.h"

namespace orthrus::cpu {

// Seconds of each step by its name: the fastest of a few runs, after one that warms up.
[[nodiscard]] std::map<std::string, double, std::less<>> measure_steps(
    Kernel& kernel, const KernelRequest& request);

}  // namespace orthrus::cpu
