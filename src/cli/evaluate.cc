// `orthrus evaluate`: the figures of each task over a list.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/file.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/evaluate_report.h"
#include "cli/model_argument.h"
#include "infer/evaluate.h"
#include "infer/options.h"
#include "model/label_check.h"

namespace orthrus {

namespace {

// Where --json says; "-" is standard output.
void write_json(std::FILE* out, const std::string& path, const std::string& json) {
  if (path == "-") {
    fmt::print(out, "{}", json);
  } else {
    write_file(path, json);
  }
}

int run_evaluate(const Options& options, CommandContext& context) {
  const PictureFiles files = picture_files(options, "data.val", "data.image_val");
  set_threads(thread_count(options));
  std::vector<std::string> arguments = options.positionals();
  Model model = model_argument(options, arguments);
  const SharedPictures pictures = open_pictures(files, named_columns(model.tasks));
  const ImageList& list = pictures->list();
  for (const std::string& warning : list.warnings) context.terminal.print_line(warning);
  bind_columns(model.tasks, column_names(list));
  check_labels(list, model.tasks);

  const StopSignals signals(nullptr);
  const std::unique_ptr<Backend> backend = backend_argument(options, context.terminal);
  const LoaderOptions loading = loader_options(options);
  Loader loader(pictures, preprocessing_argument(options, model), loading);
  Inference inference(model, loading.batch_size, *backend);
  Progress progress(context.terminal, "evaluating", static_cast<int64_t>(list.entries.size()));
  const auto after_batch = [&](int64_t done) {
    progress.advance(done - progress.state().done);
    signals.throw_if_requested();
  };
  std::vector<TaskEvaluation> evaluations(model.tasks.begin(), model.tasks.end());
  const auto take = [&](const BatchAnswers& answers) {
    evaluations[answers.task].add(answers.probabilities, answers.labels, answers.present,
                                  answers.count);
  };
  for_each_answer(inference, model.tasks, loader, take, after_batch);
  progress.finish();
  for (const std::string& skipped : loader.skipped()) context.terminal.print_line(skipped);
  std::vector<TaskReport> reports;
  for (const TaskEvaluation& evaluation : evaluations) reports.push_back(evaluation.report());
  const std::string json = options.text("json");
  if (json != "-") print_reports(context.out, model, reports);
  if (!json.empty()) write_json(context.out, json, reports_json(model, reports));
  return 0;
}

}  // namespace

Command make_evaluate_command() {
  Command command = {
      .name = "evaluate",
      .summary = "Measure how well each task is answered over a list of pictures",
      .syntax = {.positionals = {{.name = "MODEL", .help = "The same as --model."}}},
      .examples = {"orthrus evaluate out/resnet-50 --data-val val.lst --image-val images"},
      .run = run_evaluate};
  command.options.add(model_options(""));
  command.options.add(tasks_option());
  command.options.add(inference_options("32"));
  command.options.add(OptionSpec{.key = "json",
                                 .flag = "--json",
                                 .value_name = "FILE",
                                 .help = "Write all figures to a file as JSON; -: to standard "
                                         "output, in place of the tables.",
                                 .group = "Output"});
  return command;
}

}  // namespace orthrus
