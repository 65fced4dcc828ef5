#include "train/validation.h"

#include <algorithm>
#include <cmath>

#include "tasks/calibration.h"
#include "train/non_finite.h"

namespace orthrus {
namespace {

void check_predictions(const BatchAnswers& answers, const std::vector<Task>& tasks) {
  for (size_t task = 0; task < tasks.size(); ++task) {
    if (std::ranges::all_of(answers.tasks[task].probabilities,
                            [](float value) { return std::isfinite(value); })) {
      continue;
    }
    throw NonFinite(
        input_error("a prediction of task '{}' is not a finite number", tasks[task].name)
            .with_hint("the parameters of the model are corrupt, or an image is"));
  }
}

}  // namespace

Validation validate(Inference& inference, const std::vector<Task>& tasks, BatchSource& pictures,
                    const BestBy& best_by, bool calibrate, const BatchCallback& after_batch) {
  std::vector<TaskEvaluation> evaluations(tasks.begin(), tasks.end());
  std::vector<TemperatureFit> fits(tasks.begin(), tasks.end());
  const auto add = [&](const BatchAnswers& answers) {
    check_predictions(answers, tasks);
    add_answers(answers, evaluations);
    for (size_t task = 0; calibrate && task < fits.size(); ++task) {
      const TaskAnswers& own = answers.tasks[task];
      fits[task].add(own.probabilities, own.labels, own.present);
    }
  };
  for_each_batch(inference, tasks, pictures, add, after_batch);
  Validation result;
  for (size_t task = 0; task < tasks.size(); ++task) {
    result.sums.push_back(evaluations[task].sums());
    result.temperatures.push_back(fits[task].temperature());
  }
  result.score = best_by.score(reports_of(evaluations), tasks);
  return result;
}

}  // namespace orthrus
