// The lines of a training's log, letter for letter as MXNet's fit() and Speedometer write them
// (python/mxnet/module/base_module.py, python/mxnet/callback.py), so that scripts which read such
// logs go on working. Text only; who writes it where is told by observer.h.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tasks/metrics.h"

namespace orthrus {

// "Epoch[0] Batch [20]\tSpeed: 7.10 samples/sec\tmulti_accuracy-task0=0.250000\t..."
[[nodiscard]] std::string speed_line(int epoch, int64_t batch, double pictures_per_second,
                                     std::span<const MetricSums> tasks);
// "Epoch[0] Train-multi_accuracy-task0=0.500000", one for each task; `part` is "Train" or
// "Validation".
[[nodiscard]] std::vector<std::string> metric_lines(int epoch, std::string_view part,
                                                    std::span<const MetricSums> tasks);
// "Epoch[0] Time cost=12.345"
[[nodiscard]] std::string time_line(int epoch, double seconds);
// "epoch 0: weights of the losses: kind 1.25, colour 0.8", as they were in the epoch's last step.
// MXNet has no such line.
[[nodiscard]] std::string weights_line(int epoch, const std::vector<Task>& tasks,
                                       std::span<const double> weights);
// Saved checkpoint to "out/resnet-50-0001.params"
[[nodiscard]] std::string saved_line(std::string_view path);

}  // namespace orthrus
