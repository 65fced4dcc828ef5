#include "train/run_options.h"

#include <utility>

#include "base/error.h"

namespace orthrus {

std::vector<OptionSpec> run_options() {
  return {
      {.key = "train.run",
       .flag = "--run",
       .value_name = "NAME",
       .help = "Name of the run: everything goes into runs/NAME (a name with a slash is a path); a "
               "number that is free when not given.",
       .group = "Run",
       .incidental = true},
      {.key = "train.save_result",
       .flag = "--save-result",
       .value_name = "DIR",
       .help = "Folder for the run instead, where MXNet's files are written too after each epoch: "
               "NAME-symbol.json and NAME-0001.params, -0002, ...",
       .group = "Run",
       .incidental = true},
      {.key = "train.save_name",
       .flag = "--save-name",
       .value_name = "NAME",
       .help = "First part of the names of MXNet's files; the model's own when not given.",
       .group = "Run",
       .incidental = true},
      {.key = "train.resume",
       .flag = "--resume",
       .type = OptionType::kBoolean,
       .default_text = "off",
       .help = "Go on from the newest checkpoint in the folder, or begin when there is none.",
       .group = "Run",
       .incidental = true},
      {.key = "train.force",
       .flag = "--force",
       .type = OptionType::kBoolean,
       .default_text = "off",
       .help = "Resume although other options are given than before.",
       .group = "Run",
       .incidental = true},
      {.key = "train.checkpoint_minutes",
       .flag = "--checkpoint-minutes",
       .type = OptionType::kReal,
       .default_text = "10",
       .min = 0,
       .help =
           "Minutes between two checkpoints within an epoch; 0: none by the clock. There is one "
           "after each epoch and at a stop too.",
       .group = "Run",
       .incidental = true},
      {.key = "train.checkpoint_steps",
       .flag = "--checkpoint-steps",
       .type = OptionType::kInteger,
       .default_text = "0",
       .min = 0,
       .help = "Steps between two checkpoints; 0: none by their number.",
       .group = "Run",
       .incidental = true},
      {.key = "train.keep_checkpoints",
       .flag = "--keep-checkpoints",
       .type = OptionType::kInteger,
       .default_text = "2",
       .min = 1,
       .max = 1000,
       .help = "How many checkpoints are kept, the newest ones.",
       .group = "Run",
       .incidental = true},
      {.key = "train.on_nan",
       .flag = "--on-nan",
       .type = OptionType::kChoice,
       .default_text = "stop",
       .choices = {"stop", "rollback"},
       .help =
           "When a loss, a parameter or a prediction of the validation is not finite. stop: end, "
           "and keep the step where that began for --replay; rollback: back to the last "
           "checkpoint, or to the start where there is none, with half the learning rate.",
       .group = "Run",
       .incidental = true},
      {.key = "train.replay",
       .flag = "--replay",
       .value_name = "FILE",
       .help =
           "Compute again the step in which a value was first not finite (bad-step-*.safetensors "
           "in the run's folder), print where it begins, and train nothing.",
       .group = "Run",
       .incidental = true},
      {.key = "train.exact",
       .flag = "--exact",
       .type = OptionType::kBoolean,
       .default_text = "off",
       .help =
           "Leave out Winograd's convolutions, which are faster and round a little differently.",
       .group = "Training"},
      {.key = "train.seed",
       .flag = "--seed",
       .type = OptionType::kInteger,
       .default_text = "0",
       .min = 0,
       .help = "Seed of all random numbers: order, crops, mirrors, dropout, new heads.",
       .group = "Training"},
      {.key = "train.kv_store",
       .flag = "--kv-store",
       .default_text = "device",
       .help = "For scripts made for MXNet: local or device.",
       .group = "Machine",
       .incidental = true},
      {.key = "verbose",
       .flag = "--verbose",
       .type = OptionType::kBoolean,
       .default_text = "off",
       .help = "Say which faster kernels were passed over, and why.",
       .group = "Machine",
       .incidental = true},
  };
}

namespace {

// A saved step lies in the folder of its run.
std::optional<std::filesystem::path> folder_of_replay(const Options& options) {
  if (!options.has("train.replay")) return std::nullopt;
  std::filesystem::path folder = std::filesystem::path(options.text("train.replay")).parent_path();
  if (folder.empty()) folder = ".";
  std::error_code ignored;
  if (!std::filesystem::exists(folder / "config.toml", ignored)) return std::nullopt;
  return folder;
}

}  // namespace

std::optional<std::filesystem::path> named_run_folder(const Options& options) {
  const bool result = options.has("train.save_result");
  if (!result && !options.has("train.run")) return folder_of_replay(options);
  const std::string name = options.text(result ? "train.save_result" : "train.run");
  const bool is_path = result || name.find('/') != std::string::npos;
  return is_path ? std::filesystem::path(name) : std::filesystem::path("runs") / name;
}

std::unique_ptr<RunFolder> open_run_folder(const Options& options) {
  const bool named = options.has("train.run"), result = options.has("train.save_result");
  if (named && result) {
    throw usage_error("{} and {} both name the folder of the run", options.where("train.run"),
                      options.where("train.save_result"))
        .with_hint("keep one of them");
  }
  const bool goes_on = options.boolean("train.resume") || options.has("train.replay");
  const std::optional<std::filesystem::path> path = named_run_folder(options);
  if (!path) {
    if (goes_on) {
      throw usage_error(
          "{}: which run?",
          options.where(options.boolean("train.resume") ? "train.resume" : "train.replay"))
          .with_hint(
              "name it with --run or --save-result, or give its folder: orthrus train "
              "runs/0001 --resume");
    }
    return RunFolder::numbered("runs");
  }
  auto folder = std::make_unique<RunFolder>(*path);
  if (named && !goes_on && folder->holds_run()) {
    throw usage_error("'{}' holds a run already", folder->path().string())
        .with_hint("--resume goes on with it; --run with another name begins a new one");
  }
  return folder;
}

}  // namespace orthrus
