// Opening a data set for the tasks that read its labels: only the columns that they read are kept.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/pictures.h"
#include "model/label_binding.h"
#include "tasks/task.h"

namespace orthrus {

// Of a table, the columns that the tasks read, by its header alone; everything of other data sets.
// Throws kInput as bind_labels() does for columns.
[[nodiscard]] ColumnSelection select_columns(const PictureFiles& files,
                                             const std::vector<Task>& tasks,
                                             const BindingOptions& options);

struct LabelledData {
  std::shared_ptr<Pictures> pictures;
  Binding binding;
};

// Opens what `files` names and binds its labels to the tasks; the labels are checked. Throws kInput
// as open_pictures(), bind_labels() and check_labels() do.
[[nodiscard]] LabelledData open_labelled(PictureFiles files, std::vector<Task>& tasks,
                                         const BindingOptions& options = {});

// The same for lists that are written from other data, where no task says what the columns mean:
// the columns in `asked`, or all that may hold labels, each by itself. Texts become classes in the
// order of their bytes. Throws kInput for a column that mixes numbers and texts, unless mixtures
// are allowed: then all its cells are texts. Classes of a column in `known` keep their numbers.
[[nodiscard]] LabelledData open_all_columns(PictureFiles files,
                                            const std::vector<std::string>& asked,
                                            bool allow_mixtures,
                                            const std::vector<LabelColumn>& known = {});

}  // namespace orthrus
