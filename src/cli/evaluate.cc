// `orthrus evaluate`: the figures of each task over a list.
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/signals.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/evaluate_files.h"
#include "cli/evaluate_report.h"
#include "cli/list_evaluation.h"
#include "cli/model_argument.h"
#include "infer/evaluate.h"
#include "infer/options.h"

namespace orthrus {

namespace {

int run_evaluate(const Options& options, CommandContext& context) {
  if (!options.has("data.val")) (void)picture_files(options, "data.val", "data.image_val");
  set_threads(thread_count(options));
  std::vector<std::string> arguments = options.positionals();
  Model model = model_argument(options, arguments, context.terminal);
  if (options.given("out") && !options.has("out")) {
    throw usage_error("{}: the name of the folder is empty", options.where("out"));
  }
  if (options.has("out")) check_evaluation_files(options.text("out"), model.tasks);
  check_baseline(options.list("baseline"));
  const LabelledData data = labelled_argument(options, model.tasks, true, context.terminal);
  const SharedPictures pictures = data.pictures;
  const ImageList& list = pictures->list();

  const StopSignals signals(nullptr);
  const std::unique_ptr<Backend> backend = backend_argument(options, context.terminal);
  const LoaderOptions loading = loader_options(options);
  Loader loader(pictures, preprocessing_argument(options, model), loading);
  Inference inference(model, loading.batch_size, *backend);
  if (averages_mirrored(options)) inference.average_mirrored();
  Progress progress(context.terminal, "evaluating", static_cast<int64_t>(list.entries.size()));
  const auto after_batch = [&](int64_t done) {
    progress.advance(done - progress.state().done);
    signals.throw_if_requested();
  };
  ListEvaluation evaluation(model.tasks, data.binding.absent);
  for_each_batch(
      inference, model.tasks, loader, [&](const BatchAnswers& answers) { evaluation.add(answers); },
      after_batch);
  progress.finish();
  for (const std::string& skipped : loader.skipped()) context.terminal.print_line(skipped);
  model.tasks = evaluation.tasks();
  ModelReport report = evaluation.report();
  report.baseline = compare_with(options.list("baseline"), model.tasks, report.tasks);
  const std::string json = reports_json(model, report);
  // First: a disk that is full takes away the files alone.
  if (options.boolean("json")) {
    fmt::print(context.out, "{}", json);
  } else {
    print_reports(context.out, model, report);
  }
  if (options.has("out")) {
    std::fflush(context.out);
    write_evaluation(options.text("out"), json, list, model.tasks, report.tasks,
                     evaluation.mistakes());
  }
  return 0;
}

}  // namespace

Command make_evaluate_command() {
  Command command = {
      .name = "evaluate",
      .summary = "Measure how well each task is answered over a list of pictures",
      .syntax = {.positionals = {{.name = "MODEL", .help = "The same as --model."}}},
      .examples = {"orthrus evaluate out/resnet-50 --data-val val.lst --image-val images",
                   "orthrus evaluate out --data-val val.csv --json > figures.json"},
      .run = run_evaluate};
  command.options.add(model_options(""));
  command.options.add(tasks_option());
  command.options.add(inference_options("32"));
  command.options.add(test_time_option());
  command.options.add(json_option());
  command.options.add(OptionSpec{
      .key = "baseline",
      .flag = "--baseline",
      .type = OptionType::kList,
      .value_name = "FILE,...",
      .help = "figures.json of other models, such as one for each task: tells the change of each "
              "task's accuracy, and their mean (delta_p).",
      .group = "Output"});
  command.options.add(OptionSpec{
      .key = "out",
      .flag = "--out",
      .value_name = "DIR",
      .help = "Folder for files: figures.json, and for each task TASK.confusion.csv, "
              "TASK.mistakes.csv (wrong answers) and TASK.suspects.csv (labels that are probably "
              "wrong).",
      .group = "Output"});
  return command;
}

}  // namespace orthrus
