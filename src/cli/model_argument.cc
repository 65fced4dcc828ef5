#include "cli/model_argument.h"

#include <algorithm>
#include <optional>
#include <span>

#include "base/error.h"
#include "data/splits.h"
#include "infer/compute.h"
#include "infer/options.h"
#include "model/label_counts.h"
#include "model/label_summary.h"
#include "model/source.h"
#include "tasks/task_file.h"
#include "train/task_options.h"

namespace orthrus {
namespace {

Model loaded(const Options& options, const ModelSource& source) {
  const auto own = describe_source(source).preprocessing;
  Model model =
      load_model(source, own ? preprocessing_of(options, *own) : preprocessing_of(options));
  if (source.kind == ModelSource::Kind::kModelFile) check_against_model(options, model);
  if (options.has("tasks.file")) {
    const Options file = read_task_configuration(options.text("tasks.file"));
    const std::span<const Options> entries = file.section("task");
    // The configuration of a run with default tasks: the model has them.
    if (!entries.empty()) declare_tasks(model, declared_tasks(entries, file.text("table.decimal")));
  }
  const std::vector<std::string> names = class_names_of(options);
  if (!names.empty()) name_classes(model.tasks, names, options.text("model.classes"));
  return model;
}

}  // namespace

void report_image_size(const Options& options, const ModelSource& source, Terminal& terminal) {
  if (source.kind != ModelSource::Kind::kMxnet || options.given("model.image_shape")) return;
  const SourceDescription own = describe_source(source);
  if (own.preprocessing) {
    const Preprocessing& images = *own.preprocessing;
    terminal.print_line(fmt::format("{}: images of {},{},{}, as in '{}' beside it",
                                    source.to_string(), images.channels, images.height,
                                    images.width, own.beside));
    return;
  }
  terminal.print_line(
      fmt::format("{}: images of {} are assumed, since MXNet's files do not say which size it was "
                  "trained with; give another with --image-shape",
                  source.to_string(), options.text("model.image_shape")));
}

Model model_argument(const Options& options, std::vector<std::string>& arguments,
                     Terminal& terminal) {
  std::string text = options.text("model.source");
  if (text.empty()) {
    if (arguments.empty()) {
      throw usage_error("no model is given").with_hint("name it first, or with --model");
    }
    text = arguments.front();
    arguments.erase(arguments.begin());
  }
  std::optional<int> epoch;
  if (options.has("model.epoch")) epoch = static_cast<int>(options.integer("model.epoch"));
  const ModelSource source = resolve_model(text, epoch);
  if (epoch && source.kind != ModelSource::Kind::kMxnet) {
    throw usage_error("{}: {} was given, but '{}' is one model without epochs",
                      options.where("model.epoch"), *epoch, source.name)
        .with_hint("leave it out");
  }
  report_image_size(options, source, terminal);
  return loaded(options, source);
}

Model named_model(const Options& options, const std::string& name) {
  return loaded(options, resolve_model(name, std::nullopt));
}

Preprocessing preprocessing_argument(const Options& options, const Model& model) {
  Preprocessing preprocessing = model.preprocessing;
  set_pixel_rules(options, preprocessing);
  return preprocessing;
}

LabelledData labelled_argument(const Options& options, std::vector<Task>& tasks,
                               bool may_lack_columns, Terminal& terminal) {
  PictureFiles files = picture_files(options, "data.val", "data.image_val");
  if (const std::optional<Splits> splits = find_splits(files)) {
    terminal.print_line(splits->report);
    const SplitPart part = (*splits)[SplitPart::kTest] ? SplitPart::kTest : SplitPart::kValidation;
    if (!(*splits)[part]) {
      throw input_error("'{}' has neither a test nor a validation part", files.list.string());
    }
    files = *(*splits)[part];
    terminal.print_line(
        fmt::format("the {} part is used", part == SplitPart::kTest ? "test" : "validation"));
  } else if (const std::string doubt = suspected_splits(files); !doubt.empty()) {
    terminal.print_line("warning: " + doubt);
  }
  LabelledData data = open_labelled(files, tasks,
                                    {.columns = options.list("data.label_column"),
                                     .may_lack_columns = may_lack_columns,
                                     .settled = true});
  const ImageList& list = data.pictures->list();
  for (const std::string& warning : list.warnings) terminal.print_line(warning);
  for (const std::string& warning : data.binding.warnings) terminal.print_line(warning);
  const std::vector<std::string> lines = label_summary(list, tasks, count_labels(list, tasks));
  for (size_t task = 0; task < tasks.size(); ++task) {
    const bool absent = std::ranges::find(data.binding.absent, task) != data.binding.absent.end();
    terminal.print_line(absent
                            ? fmt::format("task '{}' is left out: '{}' has no {}", tasks[task].name,
                                          list.origin.string(), column_text(tasks[task]))
                            : lines[task]);
  }
  return data;
}

void refuse_splits(const PictureFiles& files) {
  const std::optional<Splits> splits = find_splits(files);
  if (!splits) return;
  throw usage_error("{}, and all of it would be mixed", splits->report)
      .with_hint(
          "name one part of it, such as its folder for training; rows of a table can be "
          "divided into several tables");
}

ColumnReading column_reading(const Options& options) {
  return {.columns = options.list("data.label_column"),
          .decimal = options.text("table.decimal").front()};
}

void report_columns(const LabelledData& data, Terminal& terminal) {
  constexpr size_t kMostShown = 10;
  const ImageList& list = data.pictures->list();
  for (const std::string& warning : list.warnings) terminal.print_line(warning);
  for (const std::string& warning : data.binding.warnings) terminal.print_line(warning);
  for (const LabelColumn& column : list.columns) {
    if (column.classes.empty()) continue;
    std::string text = fmt::format("column '{}':", column.name);
    for (size_t i = 0; i < std::min(column.classes.size(), kMostShown); ++i) {
      text += fmt::format("{} {} is {}", i == 0 ? "" : ",", i, column.classes[i]);
    }
    if (column.classes.size() > kMostShown) {
      text += fmt::format(", and {} more", column.classes.size() - kMostShown);
    }
    terminal.print_line(text);
  }
}

std::unique_ptr<Backend> backend_argument(const Options& options, Terminal& terminal) {
  std::unique_ptr<Backend> backend = make_backend(options);
  for (const std::string& note : compute_notes(options)) terminal.print_line(note);
  return backend;
}

OptionSpec tasks_option() {
  return {.key = "tasks.file",
          .flag = "--tasks",
          .value_name = "FILE",
          .help =
              "TOML file with the [[task]] tables that the model was trained with: rules, "
              "columns and class names. A run's config.toml has them too.",
          .group = "Model"};
}

OptionSpec json_option() {
  return {.key = "json",
          .flag = "--json",
          .type = OptionType::kBoolean,
          .default_text = "off",
          .help = "Print JSON in place of tables and lines.",
          .group = "Output"};
}

}  // namespace orthrus
