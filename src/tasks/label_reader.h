// LabelReader: what the label columns of a picture say about one task: its rule made ready to run
// over many rows. A label is missing where the cell is NaN or one of Task::missing, or where the
// rule has no answer.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tasks/expression.h"
#include "tasks/task.h"
#include "tensor/tensor.h"

namespace orthrus {

class LabelReader {
 public:
  // Throws kUsage for an expression that cannot be read.
  explicit LabelReader(const Task& task);

  // What is wrong with a row of label columns for this task ("label 7 in column 1 is not a class of
  // task 'softmax' (0 to 3)"), or empty. A missing label is not wrong.
  [[nodiscard]] std::string problem(std::span<const float> columns) const;

  // The labels of a row, Task::label_width() of them, and whether each is there (1) or missing (0;
  // its label is 0 then). Throws kInput as problem() says.
  void read(std::span<const float> columns, std::span<float> labels,
            std::span<float> present) const;

  // The same of a batch: `columns` is (N, columns of the list), `count` the number of pictures that
  // count; the rest is fill, and none of its labels is present. The others hold N times
  // label_width() values.
  void read_batch(const Tensor& columns, int count, std::span<float> labels,
                  std::span<float> present) const;

  // The label of a cell's value, before it is held against the classes; nothing where it is
  // missing.
  [[nodiscard]] std::optional<float> label_of(float value) const;

  // The list's column of the label with that number (of label_width()).
  [[nodiscard]] size_t column_of(size_t place) const;

 private:
  struct Step {
    std::optional<LabelExpression> expression;
    std::vector<std::pair<float, float>> table;  // in the order of the values
  };
  [[nodiscard]] bool is_class(float label) const;
  [[nodiscard]] std::string complaint(float value, float label, size_t place) const;

  Task task_;
  std::vector<Step> steps_;
};

// One reader for each task.
[[nodiscard]] std::vector<LabelReader> label_readers(const std::vector<Task>& tasks);

}  // namespace orthrus
