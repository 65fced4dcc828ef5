#include "train/tune.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/options_text.h"
#include "base/suggest.h"
#include "train/best_by.h"
#include "train/non_finite.h"
#include "train/options.h"
#include "train/run.h"
#include "train/run_summary.h"

namespace orthrus {
namespace {

std::string score_text(const Trial& trial) {
  return trial.score ? fmt::format("{:.4f}", *trial.score) : "no number";
}

// Every combination of values, the last axis changing first.
std::vector<Trial> combinations(const std::vector<TuneAxis>& axes) {
  std::vector<Trial> trials(1);
  for (const TuneAxis& axis : axes) {
    std::vector<Trial> more;
    for (const Trial& trial : trials) {
      for (const std::string& value : axis.values) {
        more.push_back(trial);
        more.back().settings.emplace_back(axis.key, value);
      }
    }
    trials = std::move(more);
  }
  for (size_t i = 0; i < trials.size(); ++i) trials[i].number = static_cast<int>(i) + 1;
  return trials;
}

class Tuner {
 public:
  Tuner(const Options& options, const TuneOptions& tuning, Backend& backend,
        TrainObserver& observer, const std::function<std::optional<ErrorKind>()>& stop)
      : options_(options), tuning_(tuning), backend_(backend), observer_(observer), stop_(stop) {}

  [[nodiscard]] Options options_of(const Trial& trial) const {
    Options options = options_;
    for (const auto& [key, value] : trial.settings) {
      options.set(key, {value}, OptionOrigin::kFlag, "--tune " + key);
    }
    return options;
  }

  void train(Trial& trial, int epochs) {
    trial.epochs = epochs;
    Options options = options_of(trial);
    const std::filesystem::path folder = tuning_.folder / fmt::format("trial-{:03}", trial.number);
    const int64_t first = options.integer("model.epoch");
    options.resolve("train.num_epoch", std::to_string(first + epochs));
    options.resolve("train.run", folder.string());
    TrainRequest request = train_request(options);
    request.config = options_toml(options, "orthrus train");
    request.resume = true;
    request.stop = stop_;
    QuietObserver quiet(observer_);
    try {
      RunFolder run(folder);
      run_training(request, run, backend_, quiet);
      trial.score = summarise_run(folder).score;
      if (trial.score && !std::isfinite(*trial.score)) trial.score.reset();
    } catch (const NonFinite&) {
      trial.score.reset();
    }
    observer_.note(fmt::format("trial {}, {} epochs: {}  {}", trial.number, epochs,
                               score_text(trial), settings_text(trial)));
  }

 private:
  const Options& options_;
  const TuneOptions& tuning_;
  Backend& backend_;
  TrainObserver& observer_;
  const std::function<std::optional<ErrorKind>()>& stop_;
};

// The best trials first; those without a score last.
void rank(std::vector<Trial>& trials, bool higher_is_better) {
  std::ranges::stable_sort(trials, [higher_is_better](const Trial& a, const Trial& b) {
    if (a.score.has_value() != b.score.has_value()) return a.score.has_value();
    if (a.epochs != b.epochs) return a.epochs > b.epochs;  // the one that continued was better
    if (!a.score) return false;
    return higher_is_better ? *a.score > *b.score : *a.score < *b.score;
  });
}

}  // namespace

std::string settings_text(const Trial& trial) {
  std::string text;
  for (const auto& [key, value] : trial.settings) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, value);
  }
  return text;
}

std::vector<TuneAxis> tune_axes(const std::vector<std::string>& texts, const OptionTable& table) {
  std::vector<TuneAxis> axes;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos) {
      if (axes.empty()) {
        throw usage_error("--tune {}: expected KEY=VALUE,VALUE,...", text)
            .with_hint("for example --tune optimizer.lr=0.001,0.01");
      }
      axes.back().values.push_back(text);
      continue;
    }
    axes.push_back({.key = text.substr(0, equals), .values = {text.substr(equals + 1)}});
    if (table.find_key(axes.back().key) == nullptr) {
      throw usage_error("--tune {}: there is no option '{}'", text, axes.back().key)
          .with_hint(did_you_mean(axes.back().key, table.keys()));
    }
  }
  return axes;
}

std::vector<Trial> tune(const Options& options, const TuneOptions& tuning, Backend& backend,
                        TrainObserver& observer,
                        const std::function<std::optional<ErrorKind>()>& stop) {
  if (!options.has("data.val")) {
    throw usage_error("a search needs a validation list").with_hint("give --data-val");
  }
  if (tuning.axes.empty()) {
    throw usage_error("nothing is to be tried")
        .with_hint(
            "for example --tune optimizer.lr=0.001,0.01 --tune optimizer.weight_decay=0,1e-4");
  }
  if (std::ranges::any_of(tuning.axes,
                          [](const TuneAxis& axis) { return axis.key == "train.best_by"; })) {
    throw usage_error("--tune train.best_by: trials are compared by one metric")
        .with_hint("give it as --best-by");
  }
  const BestBy best_by(options.text("train.best_by"), options.where("train.best_by"));
  const auto most =
      static_cast<int>(options.integer("train.num_epoch") - options.integer("model.epoch"));
  std::vector<Trial> trials = combinations(tuning.axes);
  Tuner tuner(options, tuning, backend, observer, stop);
  for (const Trial& trial : trials)
    (void)train_request(tuner.options_of(trial));  // before all work
  int epochs = std::min(tuning.first_epochs, most);
  size_t alive = trials.size();
  while (true) {
    observer.note(fmt::format("{} trials of {} epochs", alive, epochs));
    for (size_t i = 0; i < alive; ++i) tuner.train(trials[i], epochs);
    rank(trials, best_by.higher_is_better());
    if (epochs == most) break;
    alive = (alive + 1) / 2;
    epochs = alive == 1 ? most : std::min(2 * epochs, most);
  }
  if (!trials.front().score) {
    throw input_error("none of the {} trials has a finite {}: there is none to recommend",
                      trials.size(), best_by.text())
        .with_hint(
            "they diverged, or the metric is not defined for the validation data: try lower "
            "values of optimizer.lr, or another --best-by");
  }
  write_file(tuning.folder / "best.toml",
             options_toml(tuner.options_of(trials.front()), "orthrus train"));
  return trials;
}

}  // namespace orthrus
