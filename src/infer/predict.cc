#include "infer/predict.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>

#include "base/error.h"
#include "data/class_folders.h"
#include "infer/evaluate.h"
#include "tasks/ordinal.h"

namespace orthrus {

namespace {

void check_answer(std::span<const float> outputs, std::span<const float> probabilities,
                  const std::string& path, const Task& task) {
  const auto finite = [](float value) { return std::isfinite(value); };
  if (std::ranges::all_of(outputs, finite) && std::ranges::all_of(probabilities, finite)) return;
  throw input_error("{}: the answer of task '{}' is not a finite number", path, task.name)
      .with_hint(
          "the model's values overflow, as after a training that diverged, or the image is "
          "corrupt: evaluate the model, or train again with a lower --lr");
}

}  // namespace

ImageList list_of_files(const std::vector<std::string>& paths) {
  ImageList list;
  list.origin = "command line";
  list.label_columns = 1;
  const auto add = [&](const std::string& path) {
    constexpr float kNoLabel = 0;
    const auto index = static_cast<int64_t>(list.entries.size());
    list.entries.add(index, {&kNoLabel, 1}, path, static_cast<int>(index) + 1);
  };
  for (const std::string& path : paths) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(path, ignored)) {
      add(path);
      continue;
    }
    LeftOut left_out;
    const std::vector<std::string> pictures = pictures_below(path, left_out);
    const std::string others =
        left_out.count() == 0
            ? supported_endings()
            : fmt::format("left out: {}; {}", left_out.text(), supported_endings());
    if (pictures.empty()) throw input_error("the folder '{}' holds no picture: {}", path, others);
    if (left_out.count() > 0) list.warnings.push_back(path + ": " + others);
    for (const std::string& picture : pictures) {
      add((std::filesystem::path(path) / picture).string());
    }
  }
  return list;
}

void predict(Inference& inference, const std::vector<Task>& tasks, Loader& loader,
             const std::function<void(Prediction&)>& take) {
  Batch batch;
  size_t before = 0;
  std::vector<std::vector<float>> ordinal(tasks.size());
  std::vector<std::span<const float>> answers(tasks.size());
  loader.start_epoch(0);
  while (loader.next(batch)) {
    inference.run(batch.images);
    const auto size = static_cast<size_t>(batch.images.shape()[0]);
    for (size_t task = 0; task < tasks.size(); ++task) {
      answers[task] =
          class_probabilities(tasks[task], inference.probabilities(task), ordinal[task]);
    }
    const auto row_of = [&](std::span<const float> values, size_t row) {
      const size_t width = values.size() / size;
      return values.subspan(row * width, width);
    };
    for (const size_t row : own_rows(batch, before, loader.list().entries.size())) {
      Prediction prediction{.position = static_cast<size_t>(batch.positions[row])};
      prediction.path = loader.list().entries[prediction.position].path;
      for (size_t task = 0; task < tasks.size(); ++task) {
        const auto values = row_of(answers[task], row);
        check_answer(row_of(inference.probabilities(task), row), values, prediction.path,
                     tasks[task]);
        prediction.probabilities.emplace_back(values.begin(), values.end());
        prediction.answers.push_back(most_probable(values));
      }
      if (inference.keeps_features()) prediction.features = row_of(inference.features(), row);
      take(prediction);
    }
    before += static_cast<size_t>(batch.count);
  }
}

}  // namespace orthrus
