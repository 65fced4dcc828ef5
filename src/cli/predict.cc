// `orthrus predict`: classes and probabilities of pictures, one line for each picture and task.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/signals.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/model_argument.h"
#include "infer/options.h"
#include "infer/predict.h"

namespace orthrus {

namespace {

// Classes of one task from the most probable on; between equals the lower one first.
std::vector<size_t> ranking(const std::vector<float>& probabilities, size_t most) {
  std::vector<size_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order,
                           [&](size_t a, size_t b) { return probabilities[a] > probabilities[b]; });
  order.resize(std::min(order.size(), most));
  return order;
}

// Where each class of a multilabel task is a yes or no of its own.
bool is_yes(float probability) {
  return probability >= 0.5F;
}

// Of a multilabel task every class that is a yes, but at least `top`.
void print_text(std::FILE* out, const Model& model, const Prediction& prediction, size_t top) {
  for (size_t task = 0; task < model.tasks.size(); ++task) {
    const std::vector<float>& row = prediction.probabilities[task];
    size_t shown = top;
    if (model.tasks[task].kind == TaskKind::kMultilabel) {
      shown = std::max(shown, static_cast<size_t>(std::ranges::count_if(row, is_yes)));
    }
    for (const size_t index : ranking(row, shown)) {
      fmt::print(out, "{}\t{}\t{}\t{:.6f}\n", prediction.path, model.tasks[task].name,
                 model.tasks[task].class_name(static_cast<int64_t>(index)), row[index]);
    }
  }
}

// Names of the classes that are a yes.
nlohmann::ordered_json yes_classes(const Task& task, const std::vector<float>& row) {
  nlohmann::ordered_json names = nlohmann::ordered_json::array();
  for (size_t index = 0; index < row.size(); ++index) {
    if (is_yes(row[index])) names.push_back(task.class_name(static_cast<int64_t>(index)));
  }
  return names;
}

nlohmann::ordered_json as_json(const Model& model, const Prediction& prediction) {
  nlohmann::ordered_json tasks = nlohmann::ordered_json::object();
  for (size_t task = 0; task < model.tasks.size(); ++task) {
    const std::vector<float>& row = prediction.probabilities[task];
    nlohmann::ordered_json classes = nlohmann::ordered_json::array();
    for (size_t index = 0; index < row.size(); ++index) {
      classes.push_back({{"class", model.tasks[task].class_name(static_cast<int64_t>(index))},
                         {"probability", row[index]}});
    }
    if (model.tasks[task].kind == TaskKind::kMultilabel) {
      tasks[model.tasks[task].name] = {{"yes", yes_classes(model.tasks[task], row)},
                                       {"classes", classes}};
      continue;
    }
    const int64_t best = prediction.best(task);
    tasks[model.tasks[task].name] = {{"label", best},
                                     {"class", model.tasks[task].class_name(best)},
                                     {"probability", row[static_cast<size_t>(best)]},
                                     {"classes", classes}};
  }
  return {{"path", prediction.path}, {"tasks", tasks}};
}

// A path need not be UTF-8, but JSON must be: such bytes are replaced.
std::string dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// The pictures named one by one, or those of --data-val.
SharedPictures pictures_of(const Options& options, const std::vector<std::string>& paths) {
  if (!paths.empty() && options.has("data.val")) {
    throw usage_error("pictures are named both one by one and by {}", options.where("data.val"));
  }
  if (!paths.empty()) return make_file_pictures(list_of_files(paths), "");
  if (!options.has("data.val")) {
    throw usage_error("no pictures are given")
        .with_hint("name picture files after the model, or a list with --data-val");
  }
  return open_pictures(picture_files(options, "data.val", "data.image_val"));
}

int run_predict(const Options& options, CommandContext& context) {
  set_threads(thread_count(options));
  std::vector<std::string> paths = options.positionals();
  const Model model = model_argument(options, paths);
  const SharedPictures pictures = pictures_of(options, paths);
  const ImageList& list = pictures->list();
  for (const std::string& warning : list.warnings) context.terminal.print_line(warning);

  LoaderOptions loading = loader_options(options);
  loading.batch_size = static_cast<int>(
      std::min<size_t>(static_cast<size_t>(loading.batch_size), list.entries.size()));
  const StopSignals signals(nullptr);
  const std::unique_ptr<Backend> backend = backend_argument(options, context.terminal);
  Loader loader(pictures, preprocessing_argument(options, model), loading);
  Inference inference(model, loading.batch_size, *backend);
  const bool json = options.boolean("json");
  const auto top = static_cast<size_t>(options.integer("top"));
  predict(inference, model.tasks.size(), loader, [&](const Prediction& prediction) {
    if (json) {
      fmt::print(context.out, "{}\n", dump(as_json(model, prediction)));
    } else {
      print_text(context.out, model, prediction, top);
    }
    signals.throw_if_requested();
  });
  for (const std::string& skipped : loader.skipped()) context.terminal.print_line(skipped);
  return 0;
}

}  // namespace

Command make_predict_command() {
  Command command = {
      .name = "predict",
      .summary = "Print classes and probabilities of pictures",
      .syntax =
          {.positionals = {{.name = "MODEL", .help = "The same as --model."},
                           {.name = "PICTURE", .help = "JPEG or PNG files.", .repeated = true}}},
      .examples = {"orthrus predict out photo.jpg --classes flowers.txt",
                   "orthrus predict out --data-val val.lst --image-val images --json"},
      .run = run_predict};
  command.options.add(model_options(""));
  command.options.add(tasks_option());
  command.options.add(inference_options("16"));
  command.options.add(json_option());
  command.options.add(OptionSpec{.key = "top",
                                 .flag = "--top",
                                 .type = OptionType::kInteger,
                                 .default_text = "1",
                                 .min = 1,
                                 .max = 1e6,
                                 .help = "Print the N most probable classes of each task; JSON "
                                         "always has all.",
                                 .group = "Output"});
  return command;
}

}  // namespace orthrus
