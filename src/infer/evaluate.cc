#include "infer/evaluate.h"

namespace orthrus {

std::vector<MetricSums> evaluate(Inference& inference, const std::vector<Task>& tasks,
                                 Loader& loader, const BatchCallback& after_batch) {
  std::vector<MetricSums> sums(tasks.size());
  std::vector<float> labels;
  std::vector<float> weights;
  int64_t pictures = 0;
  Batch batch;
  loader.start_epoch(0);
  while (loader.next(batch)) {
    inference.run(batch.images);
    labels.resize(static_cast<size_t>(batch.labels.shape()[0]));
    weights.resize(labels.size());
    for (size_t task = 0; task < tasks.size(); ++task) {
      derive_labels(tasks[task], batch.labels, batch.count, labels, weights);
      sums[task].add(inference.probabilities(task), labels, weights);
    }
    pictures += batch.count;
    if (after_batch) after_batch(pictures);
  }
  return sums;
}

}  // namespace orthrus
