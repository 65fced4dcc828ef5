#include "tasks/options.h"

namespace orthrus {
namespace {

std::vector<OptionSpec> label_keys() {
  return {
      {.key = "name", .help = "Name of the task, and of its output."},
      {.key = "column",
       .help = "Label column that it reads: its number, from 0, or its name in the list."},
      {.key = "columns",
       .type = OptionType::kList,
       .help = "Columns of a multilabel task, one for each class."},
      {.key = "from", .help = "Task whose class it is derived from, in place of a column."},
      {.key = "rule",
       .help = "Expression that makes its class from `label`, the value of the column or the class "
               "of the other task: label > 0."},
      {.key = "map",
       .type = OptionType::kTable,
       .help = "Its classes, each with the classes of `from` (or values of the column) that belong "
               "to it; the others are missing."},
      {.key = "set",
       .type = OptionType::kList,
       .help = "Classes of `from` (or values of the column) for which the answer is yes (1)."},
      {.key = "missing",
       .type = OptionType::kList,
       .help = "Numbers and texts of the column that mean: no label. An empty cell always does."},
  };
}

// How a table's cells are read.
std::vector<OptionSpec> cell_keys() {
  return {
      {.key = "decimal",
       .default_text = ".",
       .help = "Decimal separator of the column's numbers, . or a comma; that of [table] when not "
               "given."},
      {.key = "separator",
       .help = "Of a multilabel task that reads one column: what separates the classes that a cell "
               "names, such as |."},
      {.key = "blank",
       .type = OptionType::kChoice,
       .default_text = "missing",
       .choices = {"missing", "negative"},
       .help = "What an empty cell means to a multilabel task."},
      {.key = "uncertain",
       .type = OptionType::kChoice,
       .default_text = "error",
       .choices = {"error", "missing", "positive", "negative"},
       .help = "What -1, u, ? and uncertain mean to a multilabel task."},
      {.key = "positive",
       .type = OptionType::kList,
       .help = "Words for 1 in the columns of a multilabel task, in place of yes, true, positive, "
               "present, y and t."},
      {.key = "negative",
       .type = OptionType::kList,
       .help = "Words for 0, in place of no, false, negative, absent, n and f; with a separator: "
               "words for a cell without any class, such as No Finding."},
  };
}

std::vector<OptionSpec> answer_keys() {
  return {
      {.key = "classes",
       .type = OptionType::kList,
       .help = "How many classes, their names in order, or a file with a name on each line."},
      {.key = "kind",
       .type = OptionType::kChoice,
       .default_text = "softmax",
       .choices = {"softmax", "multilabel", "ordinal"},
       .help = "softmax: one class is right; multilabel: each class is a yes or no of its own; "
               "ordinal: one class is right, and they stand in an order."},
      {.key = "head",
       .type = OptionType::kList,
       .default_text = "linear",
       .help = "linear, or the sizes of hidden layers."},
      {.key = "dropout",
       .type = OptionType::kReal,
       .default_text = "0",
       .min = 0,
       .max = 0.95,
       .help = "Share of the values that are dropped before the head's last layer, and between its "
               "hidden ones."},
      {.key = "weight",
       .type = OptionType::kReal,
       .default_text = "1",
       .min = 0,
       .max = 1e6,
       .choices = {"labels"},
       .help = "Weight of its loss; labels: the share of the training pictures that have a label."},
      {.key = "class_weights",
       .type = OptionType::kList,
       .help = "A weight for each class, or balanced."},
      {.key = "label_smoothing",
       .type = OptionType::kReal,
       .default_text = "0",
       .min = 0,
       .max = 0.95,
       .help = "Share of the target that is spread over all classes."},
      {.key = "focal",
       .type = OptionType::kReal,
       .default_text = "0",
       .min = 0,
       .max = 20,
       .help = "Exponent of the focal loss; 0: cross-entropy."},
  };
}

}  // namespace

OptionTable task_section() {
  OptionTable table;
  table.add(label_keys());
  table.add(cell_keys());
  table.add(answer_keys());
  return table;
}

}  // namespace orthrus
