#include <algorithm>
#include <cmath>

#include "tasks/weighting/weighting.h"

namespace orthrus {
namespace {

// Dynamic weight average: Liu, Johns and Davison, "End-to-End Multi-Task Learning with Attention",
// CVPR 2019 (arXiv:1803.10704), equation 7:
//   w_t = n exp(r_t / 2) / sum_u exp(r_u / 2),  r_t = L_t(e-1) / L_t(e-2),
// n tasks, L_t(e) the mean over the steps of epoch e that have a label of the task. In the first
// two epochs w_t = 1. A task without any label in one of the two epochs, or whose loss was 0, has
// r_t = 1.
class DwaWeighting : public LossWeighting {
 public:
  explicit DwaWeighting(const WeightingSetup& setup) : tasks_(setup.tasks) {}

  void weigh(std::span<const double> losses, const WeightingStep&,
             std::span<double> weights) override {
    double all = 0;
    for (size_t t = 0; t < tasks_.size(); ++t) {
      weights[t] = std::exp(tasks_[t].ratio() / kTemperature);
      all += weights[t];
      if (std::isnan(losses[t])) continue;
      tasks_[t].sum += losses[t];
      tasks_[t].steps += 1;
    }
    for (double& weight : weights) weight *= static_cast<double>(tasks_.size()) / all;
  }

  void end_epoch() override {
    for (TaskHistory& task : tasks_) {
      task.before = task.last;
      task.last = task.steps > 0 ? task.sum / task.steps : 0;
      task.sum = task.steps = 0;
    }
  }

  [[nodiscard]] std::vector<double> state() const override {
    std::vector<double> state;
    for (const TaskHistory& task : tasks_) {
      state.insert(state.end(), {task.sum, task.steps, task.last, task.before});
    }
    return state;
  }
  void restore(std::span<const double> state) override {
    check_state(state, 4 * tasks_.size());
    for (size_t t = 0; t < tasks_.size(); ++t) {
      const auto part = state.subspan(4 * t, 4);
      tasks_[t] = {.sum = part[0], .steps = part[1], .last = part[2], .before = part[3]};
    }
  }

 private:
  static constexpr double kTemperature = 2;

  struct TaskHistory {
    double sum = 0;     // of this epoch's losses
    double steps = 0;   // that had one
    double last = 0;    // mean of the epoch before; 0: there is none
    double before = 0;  // of the one before that
    [[nodiscard]] double ratio() const { return last > 0 && before > 0 ? last / before : 1; }
  };
  std::vector<TaskHistory> tasks_;
};

}  // namespace

std::unique_ptr<LossWeighting> make_dwa_weighting(const WeightingSetup& setup) {
  return std::make_unique<DwaWeighting>(setup);
}

}  // namespace orthrus
