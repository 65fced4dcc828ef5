#include "train/options.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/options_parse.h"
#include "base/suggest.h"
#include "model/options.h"
#include "model/source.h"
#include "tasks/options.h"
#include "tasks/task_file.h"
#include "tasks/weighting/weighting.h"

namespace orthrus {
namespace {

// What tasks.preset says where the tasks are the [[task]] tables.
constexpr const char* kDeclared = "declared";

void append(std::vector<OptionSpec>& all, std::vector<OptionSpec> more) {
  std::ranges::move(more, std::back_inserter(all));
}

std::vector<OptionSpec> data_options() {
  return {
      {.key = "data.train",
       .flag = "--data-train",
       .value_name = "LIST",
       .help =
           "Training pictures: a list (index, labels, path; separated by tabs), a table (.csv or "
           ".tsv with a header), a .rec file, or a folder with a sub-folder per class.",
       .group = "Data"},
      {.key = "data.image_train",
       .flag = "--image-train",
       .value_name = "DIR",
       .help = "Folder of the training pictures, or a .rec file that holds them; the list's own "
               "folder when not given.",
       .group = "Data"},
      {.key = "data.num_classes",
       .flag = "--num-classes",
       .aliases = {"--image-cal"},
       .type = OptionType::kInteger,
       .min = 2,
       .max = 1e6,
       .help = "Classes of the first task; labels count from 0. A .safetensors model of Orthrus "
               "keeps its own tasks when not given.",
       .group = "Data"},
      {.key = "tasks.preset",
       .flag = "--tasks",
       .default_text = "classic",
       .value_name = "classic|class|FILE",
       .help =
           "classic: the class, and whether it is above 0; class: the class alone; or a TOML file "
           "with a [[task]] table for each task. A configuration may hold these tables itself.",
       .group = "Data"},
      {.key = "data.num_examples",
       .flag = "--num-examples",
       .type = OptionType::kInteger,
       .default_text = "20000",
       .min = 1,
       .help = "Pictures of an epoch as the learning rate's schedule counts them: the rate falls "
               "after 5 and 10 times N / batch size updates.",
       .group = "Data"},
      {.key = "data.shuffle",
       .flag = "--shuffle",
       .type = OptionType::kChoice,
       .default_text = "on",
       .choices = {"on", "off"},
       .help = "Whether each epoch has an order of its own.",
       .group = "Data"},
      {.key = "data.augment",
       .flag = "--augment",
       .type = OptionType::kChoice,
       .default_text = "classic",
       .choices = {"classic", "none"},
       .help = "classic: random crop and mirror; none: the centre, as in validation.",
       .group = "Data"},
      {.key = "data.last_batch",
       .flag = "--last-batch",
       .type = OptionType::kChoice,
       .default_text = "pad",
       .choices = {"pad", "discard", "mxnet"},
       .help = "The last short batch. pad: filled up with pictures that do not count; discard: "
               "left out; mxnet: the fill counts, as in MXNet.",
       .group = "Data"},
  };
}

std::vector<OptionSpec> optimizer_options() {
  return {
      {.key = "optimizer.lr",
       .flag = "--lr",
       .type = OptionType::kReal,
       .default_text = "0.001",
       .min = 0,
       .help = "Learning rate.",
       .group = "Optimizer"},
      {.key = "optimizer.momentum",
       .flag = "--mom",
       .type = OptionType::kReal,
       .default_text = "0.9",
       .min = 0,
       .max = 1,
       .help = "Momentum.",
       .group = "Optimizer"},
      {.key = "optimizer.weight_decay",
       .flag = "--wd",
       .type = OptionType::kReal,
       .default_text = "0.0001",
       .min = 0,
       .help = "Weight decay, on weights and BatchNorm's gammas only.",
       .group = "Optimizer"},
      {.key = "tasks.weighting",
       .flag = "--weighting",
       .type = OptionType::kChoice,
       .default_text = weighting_names().front(),
       .choices = weighting_names(),
       .help =
           "How much each task's loss counts. fixed: as the tasks declare; equal: 1; uncertainty "
           "(learned), dwa (by how fast losses fall), logsum (the sum of their logarithms): times "
           "what the tasks declare.",
       .group = "Optimizer"},
      {.key = "train.num_epoch",
       .flag = "--num-epoch",
       .type = OptionType::kInteger,
       .default_text = "2",
       .min = 1,
       .max = 9999,
       .help = "Where training ends: with --epoch 5, 15 trains ten epochs.",
       .group = "Training",
       .incidental = true},
      {.key = "model.layer",
       .flag = "--layer",
       .value_name = "NAME",
       .help = "Layer whose output the heads stand on; what the last fully connected layer reads "
               "when not given.",
       .group = "Model"},
  };
}

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
      {.key = "train.on_nan",
       .flag = "--on-nan",
       .type = OptionType::kChoice,
       .default_text = "stop",
       .choices = {"stop", "rollback"},
       .help = "When a loss or a parameter is no finite number. stop: end, and keep that batch for "
               "--replay; rollback: back to the last checkpoint, with half the learning rate.",
       .group = "Run"},
      {.key = "train.replay",
       .flag = "--replay",
       .value_name = "FILE",
       .help = "Compute a step again that gave no finite number (bad-step-*.safetensors in the "
               "run's folder), tell where it begins, and train nothing.",
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
      {.key = "train.gpus",
       .flag = "--gpus",
       .help = "For scripts made for MXNet; this build has no GPU backend and runs on the CPU.",
       .group = "Machine",
       .incidental = true},
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

void check_kv_store(const Options& options) {
  const std::string store = options.text("train.kv_store");
  if (store.starts_with("dist")) {
    throw usage_error("{}: '{}' asks for several machines, which are not supported yet",
                      options.where("train.kv_store"), store)
        .with_hint("use --kv-store local, or leave it out");
  }
  if (store != "local" && store != "device") {
    throw usage_error("{}: '{}' is unknown, expected local or device",
                      options.where("train.kv_store"), store);
  }
}

std::span<const Options> task_entries(const Options& options) {
  const auto declared = options.table().sections();
  const bool has_section =
      std::ranges::find(declared, "task", &OptionSection::name) != declared.end();
  return has_section ? options.section("task") : std::span<const Options>();
}

bool is_preset(const std::string& text) {
  return text == "classic" || text == "class";
}

Error no_task_file(const Options& options, const std::string& text) {
  const std::string hint = did_you_mean(text, std::vector<std::string>{"classic", "class"});
  return usage_error("{}: '{}' is neither classic nor class, and no file of that name is there",
                     options.where("tasks.preset"), text)
      .with_hint(hint.empty() ? "give a TOML file with [[task]] tables" : hint);
}

std::vector<Task> preset_tasks(const Options& options) {
  if (!options.has("data.num_classes")) {
    throw usage_error("{} is missing", options.where("data.num_classes"))
        .with_hint("or declare tasks: --tasks FILE.toml");
  }
  std::vector<Task> tasks = classic_tasks(options.integer("data.num_classes"));
  if (options.text("tasks.preset") == "class") tasks.resize(1);
  return tasks;
}

// Of the [[task]] tables, or those that the options ask for, else those that the model has.
std::vector<Task> tasks_of(const Options& options, std::vector<Task> own) {
  std::vector<Task> tasks = std::move(own);
  const std::span<const Options> entries = task_entries(options);
  const bool asked = options.has("data.num_classes") || options.given("tasks.preset");
  if (!entries.empty()) {
    tasks = declared_tasks(entries);
  } else if (asked || tasks.empty()) {
    tasks = preset_tasks(options);
  }
  const std::vector<std::string> names = class_names_of(options);
  if (names.empty()) return tasks;
  // Names that are given take the place of the model's.
  const auto named = std::ranges::find(tasks, std::ssize(names), &Task::classes);
  if (named != tasks.end()) named->class_names.clear();
  name_classes(tasks, names);
  return tasks;
}

// What the model says of itself. Where the options say all, a model that is not there is told when
// it is loaded, after what is wrong with the options.
SourceDescription describe_model_of(const Options& options, const TrainRequest& request) {
  try {
    return describe_source(resolve_model(request.model, request.model_epoch, request.first_epoch));
  } catch (const Error& error) {
    const bool declared = options.has("data.num_classes") || !task_entries(options).empty();
    if (!declared || error.kind() != ErrorKind::kInput) throw;
    return {};
  }
}

void check_weighting(const Options& options, const std::vector<Task>& tasks) {
  if (options.text("tasks.weighting") != "equal") return;
  for (const Task& task : tasks) {
    if (task.weight == 1) continue;
    throw usage_error("{}: equal, but the task '{}' declares the weight {}",
                      options.where("tasks.weighting"), task.name, task.weight)
        .with_hint("leave the option out (fixed), or the weight");
  }
}

std::string required(const Options& options, const char* key) {
  if (!options.has(key)) throw usage_error("{} is missing", options.where(key));
  return options.text(key);
}

// The last part of a prefix: "resnet-50" of "pretrained/resnet-50".
std::string own_name(const std::string& model) {
  std::filesystem::path path(model);
  if (!path.has_filename()) path = path.parent_path();
  if (path.extension() == ".safetensors") return path.stem().string();
  return path.filename().string();
}

LastBatch last_batch_of(const std::string& text) {
  if (text == "discard") return LastBatch::kDiscard;
  return text == "mxnet" ? LastBatch::kMxnet : LastBatch::kPad;
}

}  // namespace

std::vector<OptionSpec> train_options() {
  std::vector<OptionSpec> all = model_options("0");
  append(all, data_options());
  append(all, inference_options("200"));
  append(all, optimizer_options());
  append(all, run_options());
  return all;
}

OptionTable train_table() {
  OptionTable table;
  table.add(train_options());
  table.add_section("task", task_section());
  return table;
}

Options with_declared_tasks(Options options) {
  const std::string preset = options.text("tasks.preset");
  const bool tables = !options.section("task").empty();
  const OptionOrigin origin = options.origin("tasks.preset");
  const bool beside = origin == OptionOrigin::kFile;
  if (preset == kDeclared && !tables) {
    throw usage_error("{}: there is no [[task]] table", options.where("tasks.preset"));
  }
  if (tables && beside && preset != kDeclared) {
    throw usage_error("{}: '{}', and there are [[task]] tables too", options.where("tasks.preset"),
                      preset)
        .with_hint("keep one of them");
  }
  if (preset == kDeclared) return options;
  if (!is_preset(preset)) {
    if (!std::filesystem::exists(preset)) throw no_task_file(options, preset);
    options.replace_section("task", read_task_file(preset));
  } else if (tables && options.given("tasks.preset")) {
    options.replace_section("task", {});  // a flag goes before the file
  }
  if (!options.section("task").empty()) options.resolve("tasks.preset", kDeclared);
  return options;
}

Options read_task_configuration(const std::filesystem::path& path) {
  Options options(train_table());
  read_option_file(path, options);
  if (options.section("task").empty()) {
    throw usage_error("'{}' holds no task", path.string())
        .with_hint("each begins with a line [[task]]");
  }
  return options;
}

TrainRequest train_request(const Options& options) {
  check_kv_store(options);
  TrainRequest request;
  request.model = required(options, "model.source");
  request.first_epoch = static_cast<int>(options.integer("model.epoch"));
  request.end_epoch = static_cast<int>(options.integer("train.num_epoch"));
  request.layer = options.text("model.layer");
  if (options.given("model.epoch")) request.model_epoch = request.first_epoch;
  const SourceDescription own = describe_model_of(options, request);
  request.tasks = tasks_of(options, own.tasks);
  request.weighting = options.text("tasks.weighting");
  check_weighting(options, request.tasks);
  request.preprocessing =
      own.preprocessing ? preprocessing_of(options, *own.preprocessing) : preprocessing_of(options);
  if (!own.preprocessing || options.given("data.pixels")) {
    request.preprocessing.pixels = pixel_rule(options);
  }
  request.train = picture_files(options, "data.train", "data.image_train");
  if (options.has("data.val")) {
    request.validation = picture_files(options, "data.val", "data.image_val");
  }
  request.loader = loader_options(options);
  request.loader.shuffle = options.text("data.shuffle") == "on";
  request.loader.last_batch = last_batch_of(options.text("data.last_batch"));
  request.loader.seed = static_cast<uint64_t>(options.integer("train.seed"));
  request.augment = options.text("data.augment") == "classic";
  request.sgd.momentum = options.real("optimizer.momentum");
  request.sgd.weight_decay = options.real("optimizer.weight_decay");
  request.schedule.base = options.real("optimizer.lr");
  request.schedule.factor = 0.1;
  request.schedule.steps =
      classic_steps(options.integer("data.num_examples"), request.loader.batch_size);
  if (options.has("train.save_result")) {
    request.mxnet_name =
        options.has("train.save_name") ? options.text("train.save_name") : own_name(request.model);
  }
  request.on_nan = options.text("train.on_nan") == "rollback" ? OnNan::kRollback : OnNan::kStop;
  request.replay = options.text("train.replay");
  request.checkpoints = {.minutes = options.real("train.checkpoint_minutes"),
                         .steps = options.integer("train.checkpoint_steps")};
  request.resume = options.boolean("train.resume");
  request.force = options.boolean("train.force");
  request.threads = thread_count(options);
  request.verbose = options.boolean("verbose");
  return request;
}

std::unique_ptr<RunFolder> open_run_folder(const Options& options) {
  const bool named = options.has("train.run"), result = options.has("train.save_result");
  if (named && result) {
    throw usage_error("{} and {} both name the folder of the run", options.where("train.run"),
                      options.where("train.save_result"))
        .with_hint("keep one of them");
  }
  const bool goes_on = options.boolean("train.resume") || options.has("train.replay");
  const std::filesystem::path runs = "runs";
  if (!named && !result) {
    if (goes_on) {
      throw usage_error(
          "{}: which run?",
          options.where(options.boolean("train.resume") ? "train.resume" : "train.replay"))
          .with_hint(
              "name it with --run or --save-result, or give its folder: orthrus train "
              "runs/0001 --resume");
    }
    return RunFolder::numbered(runs);
  }
  const std::string name = options.text(named ? "train.run" : "train.save_result");
  const bool is_path = result || name.find('/') != std::string::npos;
  auto folder = std::make_unique<RunFolder>(is_path ? std::filesystem::path(name) : runs / name);
  if (named && !goes_on && folder->holds_run()) {
    throw usage_error("'{}' holds a run already", folder->path().string())
        .with_hint("--resume goes on with it; --run with another name begins a new one");
  }
  return folder;
}

}  // namespace orthrus
