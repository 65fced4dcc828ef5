// The keys of a [[task]] table.
#pragma once

#include "base/options.h"

namespace orthrus {

[[nodiscard]] OptionTable task_section();

}  // namespace orthrus
