#include "infer/predict.h"

#include <algorithm>

namespace orthrus {

int64_t Prediction::best(size_t task) const {
  const std::vector<float>& row = probabilities[task];
  return std::ranges::max_element(row) - row.begin();
}

ImageList list_of_files(const std::vector<std::string>& paths) {
  ImageList list;
  list.origin = "command line";
  list.label_columns = 1;
  for (const std::string& path : paths) {
    const int64_t index = static_cast<int64_t>(list.entries.size());
    list.entries.push_back(
        {.index = index, .labels = {0}, .path = path, .line = static_cast<int>(index) + 1});
  }
  return list;
}

void predict(Inference& inference, size_t tasks, Loader& loader,
             const std::function<void(const Prediction&)>& take) {
  Batch batch;
  loader.start_epoch(0);
  while (loader.next(batch)) {
    inference.run(batch.images);
    const auto rows = static_cast<size_t>(batch.images.shape()[0]);
    for (size_t row = 0; row < static_cast<size_t>(batch.count); ++row) {
      Prediction prediction;
      prediction.path = loader.list().entries[static_cast<size_t>(batch.positions[row])].path;
      for (size_t task = 0; task < tasks; ++task) {
        const std::span<const float> all = inference.probabilities(task);
        const size_t classes = all.size() / rows;
        const auto values = all.subspan(row * classes, classes);
        prediction.probabilities.emplace_back(values.begin(), values.end());
      }
      take(prediction);
    }
  }
}

}  // namespace orthrus
