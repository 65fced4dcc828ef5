#include "train/schedule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string_view>

#include "base/error.h"
#include "base/suggest.h"

namespace orthrus {
namespace {

struct ScheduleEntry {
  std::string_view name;
  ScheduleKind kind;
};
constexpr std::array<ScheduleEntry, 7> kSchedules = {{{"step", ScheduleKind::kStep},
                                                      {"constant", ScheduleKind::kConstant},
                                                      {"cosine", ScheduleKind::kCosine},
                                                      {"linear", ScheduleKind::kLinear},
                                                      {"plateau", ScheduleKind::kPlateau},
                                                      {"bit", ScheduleKind::kBit},
                                                      {"one-cycle", ScheduleKind::kOneCycle}}};

// From `from` to `to` along half a cosine, as `share` goes from 0 to 1.
double half_cosine(double from, double to, double share) {
  return to + (from - to) * (1 + std::cos(std::numbers::pi * share)) / 2;
}

double one_cycle(double top, int64_t updates, int64_t update) {
  constexpr double kRise = 0.3, kStart = 25, kEnd = 1e4;
  const double start = top / kStart, end = start / kEnd;
  const double at = static_cast<double>(update - 1), last = static_cast<double>(updates - 1);
  const double peak = kRise * static_cast<double>(updates) - 1;
  if (at <= peak) return half_cosine(start, top, peak > 0 ? at / peak : 1);
  return half_cosine(top, end, last > peak ? std::min((at - peak) / (last - peak), 1.0) : 1);
}

}  // namespace

double Schedule::rate(int64_t update, int cuts) const {
  if (kind == ScheduleKind::kOneCycle) return one_cycle(base, updates, update);
  if (kind == ScheduleKind::kExponential) {
    return base * std::pow(last, static_cast<double>(update - 1) /
                                     static_cast<double>(std::max<int64_t>(updates - 1, 1)));
  }
  if (update <= warmup) return base * static_cast<double>(update) / static_cast<double>(warmup);
  const double share = std::min(static_cast<double>(update - 1 - warmup) /
                                    static_cast<double>(std::max<int64_t>(updates - warmup, 1)),
                                1.0);
  if (kind == ScheduleKind::kCosine) return half_cosine(base, last * base, share);
  if (kind == ScheduleKind::kLinear) return base + (last * base - base) * share;
  // Multiplied step by step, as MXNet does, so that the rounding is the same.
  double rate = base;
  if (kind == ScheduleKind::kConstant) return rate;
  if (kind == ScheduleKind::kPlateau) {
    for (int i = 0; i < cuts; ++i) rate *= factor;
    return rate;
  }
  for (const int64_t step : steps) {
    if (update > step) rate *= factor;
  }
  return rate;
}

int64_t updates_per_epoch(int64_t batches, int accumulate) {
  return (batches + accumulate - 1) / accumulate;
}

std::vector<std::string> schedule_names() {
  std::vector<std::string> names;
  for (const ScheduleEntry& entry : kSchedules) names.emplace_back(entry.name);
  return names;
}

ScheduleKind schedule_named(const std::string& name) {
  const auto found = std::ranges::find(kSchedules, name, &ScheduleEntry::name);
  if (found != kSchedules.end()) return found->kind;
  throw usage_error("there is no schedule '{}'", name)
      .with_hint(did_you_mean(name, schedule_names()));
}

HyperRule hyper_rule(int64_t pictures) {
  if (pictures < 20'000) return {.updates = 500, .warmup = 100, .steps = {200, 300, 400}};
  if (pictures < 500'000) {
    return {.updates = 10'000, .warmup = 500, .steps = {3'000, 6'000, 9'000}, .mixup = 0.1};
  }
  return {.updates = 20'000, .warmup = 500, .steps = {6'000, 12'000, 18'000}, .mixup = 0.1};
}

std::vector<int64_t> classic_steps(int64_t num_examples, int64_t batch_size) {
  const int64_t epoch = std::max<int64_t>(num_examples / batch_size, 1);
  return {5 * epoch, 10 * epoch};
}

}  // namespace orthrus
