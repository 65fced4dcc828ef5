// A program as lines that a person can read, and that a plan is known by.
#pragma once

#include <vector>

#include "exec/plan.h"
#include "exec/program.h"

namespace orthrus {

[[nodiscard]] std::vector<StepInfo> list_steps(const Program& program, const Backend& backend);

}  // namespace orthrus
