#include "infer/evaluate.h"

#include <algorithm>

#include "tasks/label_reader.h"
#include "tasks/ordinal.h"

namespace orthrus {
namespace {

// What is handed over of one task. Where rows are left out, the others are moved together.
struct TaskBuffer {
  std::vector<float> classes;  // of an ordinal task
  std::vector<float> probabilities, labels, present;

  void keep_rows(std::span<const float> all, const std::vector<size_t>& rows, size_t width) {
    probabilities.assign(all.begin(), all.end());
    const size_t labels_each = labels.size() * width / all.size();
    for (size_t to = 0; to < rows.size(); ++to) {
      const auto move_row = [&](std::vector<float>& values, size_t size) {
        std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(rows[to] * size), size,
                    values.begin() + static_cast<std::ptrdiff_t>(to * size));
      };
      move_row(probabilities, width);
      move_row(labels, labels_each);
      move_row(present, labels_each);
    }
    // What is left behind them is fill.
    std::fill(present.begin() + static_cast<std::ptrdiff_t>(rows.size() * labels_each),
              present.end(), 0.0F);
  }
};

}  // namespace

std::vector<size_t> own_rows(const Batch& batch, size_t before, size_t list_size) {
  std::vector<size_t> rows;
  for (size_t row = 0; row < static_cast<size_t>(batch.count); ++row) {
    const size_t turn = before + row;  // behind the list: fill that counts (LastBatch::kMxnet)
    if (turn >= list_size || batch.positions[row] == static_cast<int64_t>(turn)) {
      rows.push_back(row);
    }
  }
  return rows;
}

void for_each_batch(Inference& inference, const std::vector<Task>& tasks, BatchSource& loader,
                    const std::function<void(const BatchAnswers&)>& take,
                    const BatchCallback& after_batch) {
  const std::vector<LabelReader> readers = label_readers(tasks);
  std::vector<TaskBuffer> buffers(tasks.size());
  std::vector<int64_t> positions;
  int64_t pictures = 0;
  Batch batch;
  loader.start_epoch(0);
  while (loader.next(batch)) {
    inference.run(batch.images);
    const std::vector<size_t> rows =
        own_rows(batch, static_cast<size_t>(pictures), loader.list_size());
    positions.clear();
    for (const size_t row : rows) positions.push_back(batch.positions[row]);
    BatchAnswers answers{
        .count = static_cast<int>(rows.size()), .positions = positions, .tasks = {}};
    const auto size = static_cast<size_t>(batch.labels.shape()[0]);
    for (size_t task = 0; task < tasks.size(); ++task) {
      TaskBuffer& buffer = buffers[task];
      buffer.labels.resize(size * static_cast<size_t>(tasks[task].label_width()));
      buffer.present.resize(buffer.labels.size());
      readers[task].read_batch(batch.labels, batch.count, buffer.labels, buffer.present);
      std::span<const float> probabilities =
          class_probabilities(tasks[task], inference.probabilities(task), buffer.classes);
      if (answers.count < batch.count) {
        buffer.keep_rows(probabilities, rows, static_cast<size_t>(tasks[task].classes));
        probabilities = buffer.probabilities;
      }
      answers.tasks.push_back({probabilities, buffer.labels, buffer.present});
    }
    take(answers);
    pictures += batch.count;
    if (after_batch) after_batch(pictures);
  }
}

void add_answers(const BatchAnswers& answers, std::span<TaskEvaluation> evaluations) {
  for (size_t task = 0; task < evaluations.size(); ++task) {
    const TaskAnswers& own = answers.tasks[task];
    evaluations[task].add(own.probabilities, own.labels, own.present, answers.count);
  }
}

std::vector<TaskReport> reports_of(std::span<const TaskEvaluation> evaluations) {
  std::vector<TaskReport> reports;
  for (const TaskEvaluation& task : evaluations) reports.push_back(task.report());
  return reports;
}

std::vector<TaskEvaluation> evaluate(Inference& inference, const std::vector<Task>& tasks,
                                     BatchSource& loader, const BatchCallback& after_batch) {
  std::vector<TaskEvaluation> evaluations(tasks.begin(), tasks.end());
  for_each_batch(
      inference, tasks, loader,
      [&](const BatchAnswers& answers) { add_answers(answers, evaluations); }, after_batch);
  return evaluations;
}

}  // namespace orthrus
