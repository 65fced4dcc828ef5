// `orthrus evaluate`: accuracy, top-5 and mean loss of each task over a list.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/model_argument.h"
#include "infer/evaluate.h"
#include "infer/options.h"
#include "model/label_check.h"

namespace orthrus {

namespace {

void print_text(std::FILE* out, const Model& model, const std::vector<MetricSums>& sums) {
  for (size_t task = 0; task < sums.size(); ++task) {
    fmt::print(out, "{}\timages {}\taccuracy {:.6f}\ttop-{} {:.6f}\tloss {:.6f}\n",
               model.tasks[task].name, sums[task].weight, sums[task].accuracy(), MetricSums::kTopK,
               sums[task].top_k_accuracy(), sums[task].mean_loss());
  }
}

void print_json(std::FILE* out, const Model& model, const std::vector<MetricSums>& sums) {
  nlohmann::ordered_json tasks = nlohmann::ordered_json::array();
  for (size_t task = 0; task < sums.size(); ++task) {
    tasks.push_back({{"task", model.tasks[task].name},
                     {"images", static_cast<int64_t>(sums[task].weight)},
                     {"accuracy", sums[task].accuracy()},
                     {"top5", sums[task].top_k_accuracy()},
                     {"loss", sums[task].mean_loss()}});
  }
  const nlohmann::ordered_json result = {{"model", model.origin}, {"tasks", tasks}};
  fmt::print(out, "{}\n", result.dump(2));
}

int run_evaluate(const Options& options, CommandContext& context) {
  const PictureFiles files = picture_files(options, "data.val", "data.image_val");
  const ImageList list = read_list(files.list);
  for (const std::string& warning : list.warnings) context.terminal.print_line(warning);
  set_threads(thread_count(options));
  std::vector<std::string> arguments = options.positionals();
  const Model model = model_argument(options, arguments);
  check_labels(list, model.tasks);

  const StopSignals signals(nullptr);
  const std::unique_ptr<Backend> backend = make_cpu_backend();
  const LoaderOptions loading = loader_options(options);
  Loader loader(list, files.folder, model.preprocessing, loading);
  Inference inference(model, loading.batch_size, *backend);
  Progress progress(context.terminal, "evaluating", static_cast<int64_t>(list.entries.size()));
  const auto after_batch = [&](int64_t pictures) {
    progress.advance(pictures - progress.state().done);
    signals.throw_if_requested();
  };
  const std::vector<MetricSums> sums = evaluate(inference, model.tasks, loader, after_batch);
  progress.finish();
  for (const std::string& skipped : loader.skipped()) context.terminal.print_line(skipped);
  (options.boolean("json") ? print_json : print_text)(context.out, model, sums);
  return 0;
}

}  // namespace

Command make_evaluate_command() {
  Command command = {
      .name = "evaluate",
      .summary = "Measure accuracy, top-5 and loss of each task over a list of pictures",
      .syntax = {.positionals = {{.name = "MODEL", .help = "The same as --model."}}},
      .examples = {"orthrus evaluate out/resnet-50 --data-val val.lst --image-val images"},
      .run = run_evaluate};
  command.options.add(model_options(""));
  command.options.add(inference_options("32"));
  command.options.add(json_option());
  return command;
}

}  // namespace orthrus
