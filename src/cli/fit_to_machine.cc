#include "cli/fit_to_machine.h"

#include "base/error.h"
#include "base/file.h"
#include "base/options_parse.h"
#include "base/progress.h"
#include "train/fit.h"
#include "train/options.h"

namespace orthrus {
namespace {

constexpr const char* kBatch = "data.batch_size";
constexpr const char* kTime = "train.time";
constexpr const char* kEpochs = "train.num_epoch";

bool wants_batch(const Options& options) {
  return options.text(kBatch) == "auto";
}

double seconds_of(const Options& options) {
  const std::optional<double> seconds = parse_duration(options.text(kTime));
  if (seconds) return *seconds;
  throw usage_error("{}: '{}' is no time such as 90s, 20m or 1h30m", options.where(kTime),
                    options.text(kTime));
}

// The values of the training that is gone on with.
void take_over(const std::filesystem::path& former, Options& options) {
  Options then(train_table());
  read_option_text(read_text(former), former.string(), then);
  for (const char* key : {kBatch, kEpochs}) options.resolve(key, then.text(key));
}

// BiT's number of epochs, where no other one is asked for.
bool follows_rule(const Options& options) {
  return options.text("optimizer.schedule") == "bit" && !options.has(kTime) &&
         options.origin(kEpochs) != OptionOrigin::kFlag;
}

}  // namespace

bool depends_on_machine(const Options& options) {
  return wants_batch(options) || options.has(kTime) || follows_rule(options);
}

Options provisional(Options options) {
  if (wants_batch(options)) options.resolve(kBatch, "16");
  return options;
}

std::vector<std::string> fit_to_machine(Options& options, const std::filesystem::path& former,
                                        Backend& backend, TrainObserver& observer) {
  const bool timed = options.has(kTime);
  const double seconds = timed ? seconds_of(options) : 0;
  if (options.boolean("train.resume") && std::filesystem::exists(former)) {
    // More epochs may still be asked for.
    const bool longer = options.origin(kEpochs) == OptionOrigin::kFlag;
    const std::string epochs = options.text(kEpochs);
    take_over(former, options);
    if (longer) options.resolve(kEpochs, epochs);
    return {};
  }
  if (timed && options.origin(kEpochs) == OptionOrigin::kFlag) {
    throw usage_error("{} and {} exclude each other", options.where(kTime), options.where(kEpochs));
  }
  const auto first = static_cast<int>(options.integer("model.epoch"));
  const bool ruled = follows_rule(options);
  if (timed || ruled) options.resolve(kEpochs, std::to_string(first + 1));
  std::vector<std::string> notes;
  if (wants_batch(options)) {
    const int batch = largest_batch(train_request(provisional(options)), backend, observer);
    options.resolve(kBatch, std::to_string(batch));
    notes.push_back(fmt::format("batches of {} pictures: what memory and list allow", batch));
  }
  if (timed) {
    const int epochs = epochs_within(seconds, train_request(options), backend, observer);
    options.resolve(kEpochs, std::to_string(first + epochs));
    notes.push_back(fmt::format("{} epochs: what about {} are enough for, by a few measured steps",
                                epochs, duration_text(seconds)));
  }
  if (ruled) {
    const int epochs = hyper_rule_epochs(train_request(options), backend, observer);
    options.resolve(kEpochs, std::to_string(first + epochs));
    notes.push_back(fmt::format("{} epochs, by BiT's rule for as many pictures", epochs));
  }
  return notes;
}

void refuse_what_depends_on_machine(const Options& options, const char* command) {
  const char* key = wants_batch(options) ? kBatch : options.has(kTime) ? kTime : nullptr;
  if (key == nullptr) return;
  throw usage_error("{}: '{}' is for orthrus train; {} wants a number", options.where(key),
                    options.text(key), command);
}

}  // namespace orthrus
