#include "infer/evaluate.h"

#include "tasks/label_reader.h"

namespace orthrus {

void for_each_answer(Inference& inference, const std::vector<Task>& tasks, Loader& loader,
                     const std::function<void(const BatchAnswers&)>& take,
                     const BatchCallback& after_batch) {
  const std::vector<LabelReader> readers = label_readers(tasks);
  std::vector<float> labels;
  std::vector<float> present;
  int64_t pictures = 0;
  Batch batch;
  loader.start_epoch(0);
  while (loader.next(batch)) {
    inference.run(batch.images);
    const auto rows = static_cast<size_t>(batch.labels.shape()[0]);
    for (size_t task = 0; task < tasks.size(); ++task) {
      labels.resize(rows * static_cast<size_t>(tasks[task].label_width()));
      present.resize(labels.size());
      readers[task].read_batch(batch.labels, batch.count, labels, present);
      take({.task = task,
            .probabilities = inference.probabilities(task),
            .labels = labels,
            .present = present,
            .count = batch.count});
    }
    pictures += batch.count;
    if (after_batch) after_batch(pictures);
  }
}

std::vector<MetricSums> evaluate(Inference& inference, const std::vector<Task>& tasks,
                                 Loader& loader, const BatchCallback& after_batch) {
  std::vector<MetricSums> sums(tasks.size());
  const auto add = [&](const BatchAnswers& answers) {
    sums[answers.task].add(tasks[answers.task], answers.probabilities, answers.labels,
                           answers.present);
  };
  for_each_answer(inference, tasks, loader, add, after_batch);
  return sums;
}

}  // namespace orthrus
