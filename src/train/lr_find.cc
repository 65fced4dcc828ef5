#include "train/lr_find.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "train/feature_caching.h"
#include "train/heads_first.h"
#include "train/prepare.h"
#include "train/step_losses.h"

namespace orthrus {
namespace {

constexpr double kSmoothing = 0.9;  // share that the moving average keeps
constexpr double kMostGrowth = 4;   // of the loss over its least value
constexpr int kWidth = 640, kHeight = 400, kMargin = 56;

// Remembers the loss of the last step.
class LossObserver : public QuietObserver {
 public:
  using QuietObserver::QuietObserver;

  void after_step(const StepReport& report) override {
    loss = 0;
    for (const double own : losses_.next(report)) loss += std::isnan(own) ? 0 : own;
  }

  double loss = 0;  // the sum over the tasks

 private:
  StepLosses losses_;
};

// Places a point of the curve in the picture.
struct Axes {
  double low_rate, high_rate, low_loss, high_loss;

  [[nodiscard]] double x(double rate) const {
    const double share = std::log(rate / low_rate) / std::log(high_rate / low_rate);
    return kMargin + share * (kWidth - 2 * kMargin);
  }
  [[nodiscard]] double y(double loss) const {
    const double share = (loss - low_loss) / (high_loss - low_loss);
    return kHeight - kMargin - share * (kHeight - 2 * kMargin);
  }
};

std::string polyline(const std::vector<LrFindPoint>& curve, const Axes& axes,
                     double LrFindPoint::*value, const std::string& style) {
  std::string points;
  for (const LrFindPoint& point : curve) {
    points += fmt::format("{:.1f},{:.1f} ", axes.x(point.rate),
                          axes.y(std::min(point.*value, axes.high_loss)));
  }
  return fmt::format("<polyline fill=\"none\" {} points=\"{}\"/>\n", style, points);
}

}  // namespace

double steepest_rate(const std::vector<LrFindPoint>& curve) {
  if (curve.size() < 3) return 0;
  const auto lowest = std::ranges::min_element(curve, {}, &LrFindPoint::smoothed);
  double steepest = 0, rate = 0;
  for (auto point = curve.begin() + static_cast<std::ptrdiff_t>(curve.size() / 10 + 1);
       point <= lowest; ++point) {
    const double slope =
        (point->smoothed - (point - 1)->smoothed) / std::log(point->rate / (point - 1)->rate);
    if (slope >= steepest) continue;
    steepest = slope;
    rate = point->rate;
  }
  return rate;
}

LrFindResult find_learning_rate(const TrainRequest& request, const LrFindOptions& options,
                                Backend& backend, TrainObserver& observer) {
  if (options.last <= options.first) {
    throw usage_error("the last rate, {}, is not over the first, {}", options.last, options.first);
  }
  PreparedTraining prepared = prepare_training(request, backend, observer);
  if (request.heads_first > 0) train_heads_first(prepared, backend, observer);
  cache_features(prepared, observer);
  TrainerOptions training = trainer_options(prepared);
  training.schedule = {.kind = ScheduleKind::kExponential,
                       .base = options.first,
                       .updates = options.steps,
                       .last = options.last / options.first};
  training.speed_every = options.steps + 1;
  LossObserver losses(observer);
  Trainer trainer(std::move(prepared.model), prepared.train(), nullptr, backend, training, losses);
  LrFindResult result;
  double average = 0, least = 0;
  for (int step = 1; step <= options.steps; ++step) {
    try {
      if (!trainer.step()) {
        trainer.finish_epoch();
        if (!trainer.step()) break;
      }
    } catch (const NonFinite&) {  // the end of the curve
      break;
    }
    average = kSmoothing * average + (1 - kSmoothing) * losses.loss;
    const double smoothed = average / (1 - std::pow(kSmoothing, step));
    result.curve.push_back(
        {.rate = training.schedule.rate(step), .loss = losses.loss, .smoothed = smoothed});
    least = step == 1 ? smoothed : std::min(least, smoothed);
    if (smoothed > kMostGrowth * least) break;
  }
  result.suggestion = steepest_rate(result.curve);
  return result;
}

std::string lr_find_svg(const LrFindResult& result) {
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
      kWidth, kHeight);
  if (result.curve.size() > 1) {
    const auto [low, high] = std::ranges::minmax(result.curve, {}, &LrFindPoint::smoothed);
    const double span = std::max(high.smoothed - low.smoothed, 1e-9);
    const Axes axes{result.curve.front().rate, result.curve.back().rate, low.smoothed - 0.05 * span,
                    high.smoothed + 0.05 * span};
    svg += polyline(result.curve, axes, &LrFindPoint::loss, "stroke=\"#ccc\"");
    svg += polyline(result.curve, axes, &LrFindPoint::smoothed,
                    "stroke=\"#1f5fa8\" stroke-width=\"2\"");
    for (double rate = std::pow(10, std::ceil(std::log10(axes.low_rate) - 1e-9));
         rate <= axes.high_rate * (1 + 1e-9); rate *= 10) {
      svg += fmt::format(
          "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\" "
          "stroke=\"#eee\"/>\n<text x=\"{0:.1f}\" y=\"{3}\" "
          "text-anchor=\"middle\">{4:.0e}</text>\n",
          axes.x(rate), kMargin, kHeight - kMargin, kHeight - kMargin + 18, rate);
    }
    for (const double loss : {low.smoothed, high.smoothed}) {
      svg += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{:.3g}</text>\n",
                         kMargin - 6, axes.y(loss) + 4, loss);
    }
    if (result.suggestion > 0) {
      svg += fmt::format(
          "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\" "
          "stroke=\"#c33\" stroke-dasharray=\"4\"/>\n<text x=\"{0:.1f}\" y=\"{3}\" "
          "text-anchor=\"middle\" fill=\"#c33\">{4:.2g}</text>\n",
          axes.x(result.suggestion), kMargin, kHeight - kMargin, kMargin - 8, result.suggestion);
    }
  }
  return svg + fmt::format(
                   "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">learning rate</text>\n"
                   "<text x=\"{}\" y=\"24\">loss</text>\n</svg>\n",
                   kWidth / 2, kHeight - 12, kMargin);
}

}  // namespace orthrus
