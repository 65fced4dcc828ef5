// Which columns of a data set hold the labels, where no task names any.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/list.h"

namespace orthrus {

// Places in `columns` of the columns in `asked`; without any, of the only candidate, or of the only
// one named label, class, category, target or y (in any case). Throws kInput with the columns when
// that leaves a choice, or none; `origin` begins the message.
[[nodiscard]] std::vector<size_t> choose_label_columns(std::span<const LabelColumn> columns,
                                                       const std::vector<std::string>& asked,
                                                       const std::string& origin);

// The names of the candidates.
[[nodiscard]] std::vector<std::string> candidate_names(std::span<const LabelColumn> columns);

}  // namespace orthrus
