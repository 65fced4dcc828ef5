// `orthrus predict`: classes and probabilities of pictures, and what the heads stand on.
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/model_argument.h"
#include "cli/prediction_output.h"
#include "infer/feature_file.h"
#include "infer/options.h"
#include "infer/predict.h"
#include "tasks/consistency.h"

namespace orthrus {

namespace {

// The pictures named one by one, or those of --data-val.
SharedPictures pictures_of(const Options& options, const std::vector<std::string>& paths) {
  if (!paths.empty() && options.has("data.val")) {
    throw usage_error("pictures are named both one by one and by {}", options.where("data.val"));
  }
  if (!paths.empty()) {
    ImageList list = list_of_files(paths);
    leave_out(options.text("data.exclude"), list);
    return make_file_pictures(std::move(list), "");
  }
  if (!options.has("data.val")) {
    throw usage_error("no pictures are given")
        .with_hint(
            "name picture files or a folder of them after the model, or a list with --data-val");
  }
  PictureFiles files = picture_files(options, "data.val", "data.image_val");
  files.labels = false;
  if (!files.table.split_column.empty()) {
    throw usage_error("{}: predict takes all rows of a table", options.where("data.split_column"))
        .with_hint("leave it out; train and evaluate use the parts");
  }
  files.table.selection = {.all = false};
  return open_pictures(files);
}

std::vector<TaskGroup> groups_of(const Options& options, const std::vector<Task>& tasks) {
  if (!options.boolean("consistent")) return {};
  std::vector<TaskGroup> groups = task_groups(tasks);
  if (groups.empty()) {
    throw usage_error("{}: no task of the model is derived from another",
                      options.where("consistent"))
        .with_hint(
            "a model file knows its rules; for MXNet's files give those that it was trained with: "
            "--tasks FILE.toml");
  }
  return groups;
}

void answer_in_groups(const std::vector<TaskGroup>& groups, Prediction& prediction) {
  const std::vector<std::span<const float>> rows(prediction.probabilities.begin(),
                                                 prediction.probabilities.end());
  for (const TaskGroup& group : groups) answer_together(group, rows, prediction.answers);
}

// Where the results do not go to the terminal, it has room for a bar.
std::optional<Progress> make_progress(CommandContext& context, size_t pictures) {
  if (::isatty(::fileno(context.out)) == 1) return std::nullopt;
  return std::optional<Progress>(std::in_place, context.terminal, "predicting",
                                 static_cast<int64_t>(pictures));
}

int run_predict(const Options& options, CommandContext& context) {
  if (options.has("features")) {
    check_feature_path(options.text("features"));
    check_writable(options.text("features"));
  }
  set_threads(thread_count(options));
  std::vector<std::string> paths = options.positionals();
  const Model model = model_argument(options, paths, context.terminal);
  const std::vector<TaskGroup> groups = groups_of(options, model.tasks);
  const PredictionFormat format = prediction_format(options, model.tasks);
  const SharedPictures pictures = pictures_of(options, paths);
  const ImageList& list = pictures->list();
  for (const std::string& warning : list.warnings) context.terminal.print_line(warning);

  LoaderOptions loading = loader_options(options);
  loading.batch_size = static_cast<int>(
      std::min<size_t>(static_cast<size_t>(loading.batch_size), list.entries.size()));
  const StopSignals signals(nullptr);
  const std::unique_ptr<Backend> backend = backend_argument(options, context.terminal);
  Loader loader(pictures, preprocessing_argument(options, model), loading);
  Inference inference(model, loading.batch_size, *backend, options.has("features"));
  if (averages_mirrored(options)) inference.average_mirrored();
  std::optional<FeatureFile> features;
  if (inference.keeps_features()) {
    features.emplace(options.text("features"), list.entries.size(),
                     inference.features().size() / static_cast<size_t>(loading.batch_size));
  }
  PredictionPrinter printer(context.out, model.tasks, format);
  std::optional<Progress> progress = make_progress(context, list.entries.size());
  predict(inference, model.tasks, loader, [&](Prediction& prediction) {
    answer_in_groups(groups, prediction);
    printer.print(prediction);
    if (features) features->add(prediction.position, prediction.features);
    if (progress) progress->advance(1);
    signals.throw_if_requested();
  });
  if (features) features->finish();
  if (progress) progress->finish();
  for (const std::string& skipped : loader.skipped()) context.terminal.print_line(skipped);
  return 0;
}

}  // namespace

Command make_predict_command() {
  Command command = {
      .name = "predict",
      .summary = "Print classes and probabilities of pictures",
      .syntax = {.positionals = {{.name = "MODEL", .help = "The same as --model."},
                                 {.name = "PICTURE",
                                  .help = "JPEG, PNG or WebP files, or folders of them.",
                                  .repeated = true}}},
      .examples = {"orthrus predict out photo.jpg --classes flowers.txt",
                   "orthrus predict out photos --csv > answers.csv",
                   "orthrus predict out --data-val val.lst --image-val images --json --top 3"},
      .run = run_predict};
  command.options.add(model_options(""));
  command.options.add(tasks_option());
  command.options.add(inference_options("16"));
  command.options.add(test_time_option());
  command.options.add(prediction_output_options());
  command.options.add(OptionSpec{
      .key = "consistent",
      .flag = "--consistent",
      .type = OptionType::kBoolean,
      .default_text = "off",
      .help = "Answer tasks that are derived from each other together: the most probable answers "
              "that do not contradict their rules.",
      .group = "Output"});
  command.options.add(OptionSpec{
      .key = "features",
      .flag = "--features",
      .value_name = "FILE",
      .help = "Write what the heads stand on to FILE.npy or FILE.safetensors, a row for each "
              "picture of the list (not a number where a bad one was skipped).",
      .group = "Output"});
  return command;
}

}  // namespace orthrus
