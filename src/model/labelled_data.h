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

// How columns are read that no task reads.
struct ColumnReading {
  std::vector<std::string> columns = {};  // by name; empty: all that may hold labels
  bool allow_mixtures = false;            // of numbers and texts: then all cells are texts
  char decimal = '.';
  std::vector<LabelColumn> known = {};  // whose classes keep their numbers
};

// The same for lists that are written from other data and for reports: each column by itself, texts
// as classes in the order of their bytes. Throws kInput for a mixture of numbers and texts.
[[nodiscard]] LabelledData open_all_columns(PictureFiles files, const ColumnReading& reading);

}  // namespace orthrus
