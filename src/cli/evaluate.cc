// `orthrus evaluate`: the figures of each task over a list.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/progress.h"
#include "base/signals.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/evaluate_files.h"
#include "cli/evaluate_report.h"
#include "cli/model_argument.h"
#include "infer/evaluate.h"
#include "infer/options.h"
#include "model/label_check.h"

namespace orthrus {

namespace {

// All that is told about a list, gathered batch by batch.
class ListEvaluation {
 public:
  explicit ListEvaluation(const std::vector<Task>& tasks)
      : tasks_(tasks),
        evaluations_(tasks.begin(), tasks.end()),
        mistakes_(tasks.begin(), tasks.end()),
        consistency_(tasks) {}

  void add(const BatchAnswers& answers) {
    add_answers(answers, evaluations_);
    for (size_t task = 0; task < tasks_.size(); ++task) {
      const TaskAnswers& own = answers.tasks[task];
      mistakes_[task].add(own.probabilities, own.labels, own.present, answers.positions);
    }
    if (consistency_.reports().empty()) return;
    for (size_t row = 0; row < answers.positions.size(); ++row) add_picture(answers, row);
  }

  [[nodiscard]] ModelReport report() const {
    return {
        .tasks = reports_of(evaluations_), .consistency = consistency_.reports(), .baseline = {}};
  }
  [[nodiscard]] const std::vector<MistakeCollector>& mistakes() const { return mistakes_; }

 private:
  void add_picture(const BatchAnswers& answers, size_t row) {
    rows_.clear();
    labels_.clear();
    present_.clear();
    for (size_t task = 0; task < tasks_.size(); ++task) {
      const TaskAnswers& own = answers.tasks[task];
      const auto classes = static_cast<size_t>(tasks_[task].classes);
      const auto first = row * static_cast<size_t>(tasks_[task].label_width());
      rows_.push_back(own.probabilities.subspan(row * classes, classes));
      labels_.push_back(own.labels[first]);
      present_.push_back(own.present[first]);
    }
    consistency_.add(rows_, labels_, present_);
  }

  const std::vector<Task>& tasks_;
  std::vector<TaskEvaluation> evaluations_;
  std::vector<MistakeCollector> mistakes_;
  ConsistencyEvaluation consistency_;
  std::vector<std::span<const float>> rows_;  // of one picture, by task
  std::vector<float> labels_, present_;
};

int run_evaluate(const Options& options, CommandContext& context) {
  const PictureFiles files = picture_files(options, "data.val", "data.image_val");
  set_threads(thread_count(options));
  std::vector<std::string> arguments = options.positionals();
  Model model = model_argument(options, arguments, context.terminal);
  const SharedPictures pictures = open_pictures(files, named_columns(model.tasks));
  const ImageList& list = pictures->list();
  for (const std::string& warning : list.warnings) context.terminal.print_line(warning);
  bind_columns(model.tasks, column_names(list));
  check_labels(*pictures, model.tasks);

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
  ListEvaluation evaluation(model.tasks);
  for_each_batch(
      inference, model.tasks, loader, [&](const BatchAnswers& answers) { evaluation.add(answers); },
      after_batch);
  progress.finish();
  for (const std::string& skipped : loader.skipped()) context.terminal.print_line(skipped);
  ModelReport report = evaluation.report();
  report.baseline = compare_with(options.list("baseline"), model.tasks, report.tasks);
  const std::string json = reports_json(model, report);
  if (options.has("out")) {
    write_evaluation(options.text("out"), json, list, model.tasks, report.tasks,
                     evaluation.mistakes());
  }
  if (options.boolean("json")) {
    fmt::print(context.out, "{}", json);
  } else {
    print_reports(context.out, model, report);
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
