#include "train/options.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "data/options.h"
#include "data/splits.h"
#include "model/options.h"
#include "model/source.h"
#include "tasks/options.h"
#include "tasks/weighting/weighting.h"
#include "train/finetune_options.h"
#include "train/optimizer_options.h"
#include "train/recipes.h"
#include "train/run_options.h"
#include "train/sources.h"
#include "train/task_options.h"

namespace orthrus {
namespace {

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
       .help = "Classes of the first task; labels count from 0. When not given, those of a "
               ".safetensors model of Orthrus, or those that the data name: texts of a table, "
               "folders.",
       .group = "Data"},
      {.key = "tasks.preset",
       .flag = "--tasks",
       .default_text = "auto",
       .value_name = "auto|model|classic|class|FILE",
       .help =
           "auto: classic for a .lst or .rec file, otherwise a task for each label column or for "
           "the "
           "folders; model: those that the model has, also when this is not given; classic: the "
           "class, and whether it is above 0; class: the class alone; or a TOML file with a "
           "[[task]] "
           "table for each task. A configuration may hold these tables itself.",
       .group = "Data"},
      {.key = "data.num_examples",
       .flag = "--num-examples",
       .type = OptionType::kInteger,
       .default_text = "20000",
       .min = 1,
       .help = "Pictures of an epoch as the learning rate's schedule counts them: the rate falls "
               "after 5 and 10 times N / (batch size * --accumulate) updates.",
       .group = "Data"},
      {.key = "train.accumulate",
       .flag = "--accumulate",
       .type = OptionType::kInteger,
       .default_text = "1",
       .min = 1,
       .max = 65536,
       .help = "Batches whose gradients are added up before the parameters are changed: one batch "
               "of N times as many pictures, in the memory of one, but for BatchNorm, which sees "
               "each by itself.",
       .group = "Data"},
      {.key = "data.shuffle",
       .flag = "--shuffle",
       .type = OptionType::kChoice,
       .default_text = "on",
       .choices = {"on", "off"},
       .help = "Whether each epoch has an order of its own.",
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

std::vector<OptionSpec> loop_options() {
  return {
      {.key = "train.progressive",
       .flag = "--progressive",
       .type = OptionType::kList,
       .value_name = "EDGE",
       .help = "Shorter edges of smaller pictures that come first, such as 128,176: the epochs are "
               "divided into equal parts, one for each and the last for the network's own size. "
               "Validation has that size throughout.",
       .group = "Training"},
      {.key = "tasks.weighting",
       .flag = "--weighting",
       .type = OptionType::kChoice,
       .default_text = weighting_names().front(),
       .choices = weighting_names(),
       .help =
           "How much each task's loss counts. fixed: as the tasks declare; equal: 1; times what "
           "they declare: uncertainty (learned), dwa (by how fast losses fall), logsum (the sum of "
           "their logarithms), gls (their geometric mean), rlw (random), stch (smooth maximum), "
           "famo "
           "(by how each step changed them); by the gradients at the shared features: gradnorm, "
           "pcgrad, dbmtl, imtl, mgda, cagrad, nashmtl.",
       .group = "Optimizer"},
      best_by_option(),
      {.key = "train.calibrate",
       .flag = "--calibrate",
       .type = OptionType::kBoolean,
       .default_text = "on",
       .help = "Give each head of the saved models the temperature with which its probabilities "
               "fit the validation's labels best.",
       .group = "Training"},
      {.key = "train.num_epoch",
       .key_aliases = {"train.epochs"},
       .flag = "--num-epoch",
       .aliases = {"--epochs"},
       .type = OptionType::kInteger,
       .default_text = "2",
       .min = 1,
       .max = 9999,
       .help = "Where training ends: with --epoch 5, 15 trains ten epochs.",
       .group = "Training",
       .incidental = true},
      {.key = "train.time",
       .flag = "--time",
       .value_name = "20m",
       .help = "As many epochs as about so much time is enough for (90s, 20m, 1h30m), in the place "
               "of --num-epoch; a few measured steps tell, so that the schedule fits.",
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

std::vector<int64_t> edges_of(const Options& options) {
  std::vector<int64_t> edges;
  if (!options.has("train.progressive")) return edges;
  for (const std::string& text : options.list("train.progressive")) {
    int64_t edge = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), edge);
    if (error != std::errc() || end != text.data() + text.size() || edge < 1) {
      throw usage_error("{}: '{}' is no number of pixels", options.where("train.progressive"),
                        text);
    }
    edges.push_back(edge);
  }
  return edges;
}

// Where the data set holds its own splits: its parts, unless validation data are named.
void use_splits(const Options& options, TrainRequest& request) {
  if (request.validation) {
    if (const std::optional<Splits> splits = find_splits(*request.validation)) {
      const std::optional<PictureFiles>& part = (*splits)[SplitPart::kValidation];
      if (!part) {
        throw input_error("'{}' has no part for validation", request.validation->list.string())
            .with_hint(splits->report);
      }
      request.validation = part;
    }
  }
  PictureFiles& files = request.train.front().files;
  if (request.train.size() > 1) return;
  const std::optional<Splits> splits = find_splits(files);
  if (!splits) {
    if (const std::string doubt = suspected_splits(files); !doubt.empty()) {
      request.data_notes.push_back("warning: " + doubt);
    }
    return;
  }
  request.data_notes.push_back(splits->report);
  if (!(*splits)[SplitPart::kTrain]) {
    throw input_error("'{}' has no part for training", files.list.string())
        .with_hint(splits->report);
  }
  files = *(*splits)[SplitPart::kTrain];
  if (!options.has("data.val")) request.validation = (*splits)[SplitPart::kValidation];
  request.test = (*splits)[SplitPart::kTest];
  std::error_code ignored;
  const bool chooses =
      request.test && request.validation &&
      std::filesystem::equivalent(request.test->list, request.validation->list, ignored) &&
      request.test->table.splits == request.validation->table.splits;
  if (chooses) {
    request.test.reset();
    request.data_notes.push_back(
        "warning: the test part is the validation data, so nothing is held out");
  }
}

LastBatch last_batch_of(const std::string& text) {
  if (text == "discard") return LastBatch::kDiscard;
  return text == "mxnet" ? LastBatch::kMxnet : LastBatch::kPad;
}

}  // namespace

OptionSpec best_by_option() {
  return {.key = "train.best_by",
          .flag = "--best-by",
          .default_text = "accuracy",
          .value_name = "FIGURE[:TASK]",
          .help =
              "Figure of the validation by which best.safetensors is chosen, and by which orthrus "
              "tune ranks its trials, of one task or as the mean over the tasks that have it: "
              "accuracy, top5, loss, macro_f1, "
              "balanced_accuracy, mcc, mean_average_precision, mean_roc_auc, mean_absolute_error, "
              "weighted_kappa, calibration_error.",
          .group = "Training"};
}

std::vector<OptionSpec> train_options() {
  std::vector<OptionSpec> all = model_options("0");
  append(all, recipe_options());
  append(all, data_options());
  append(all, augmentation_options());
  append(all, mixing_options());
  append(all, picture_cache_options());
  append(all, inference_options("200"));
  OptionSpec& batch = *std::ranges::find(all, "data.batch_size", &OptionSpec::key);
  batch.choices = {"auto"};
  batch.help +=
      " auto: the largest power of two that memory holds, at most 256, eight for an epoch at "
      "least.";
  append(all, finetune_options());
  append(all, optimizer_options());
  append(all, loop_options());
  append(all, run_options());
  all.push_back(memory_option());
  return all;
}

OptionTable train_table() {
  OptionTable table;
  table.add(train_options());
  table.add_section("task", task_section());
  table.add_section("source", source_section());
  return table;
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
  request.own_tasks = keeps_own_tasks(options, own.tasks);
  const bool counted =
      request.own_tasks || options.has("data.num_classes") || !task_entries(options).empty();
  if (!counted) request.classes_file = options.text("model.classes");
  if (request.own_tasks) request.label_columns = options.list("data.label_column");
  request.memory = memory_mode_named(options.text("memory"));
  request.weighting = options.text("tasks.weighting");
  check_weighting(options, request.tasks);
  request.preprocessing =
      own.preprocessing ? preprocessing_of(options, *own.preprocessing) : preprocessing_of(options);
  set_pixel_rules(options, request.preprocessing);
  read_finetune_options(options, request);
  request.calibrate = options.boolean("train.calibrate");
  request.best_by = BestBy(options.text("train.best_by"), options.where("train.best_by"));
  request.best_by.check(request.tasks, options.where("train.best_by"));
  request.train = sources_of(options);
  if (options.has("data.val")) {
    request.validation = picture_files(options, "data.val", "data.image_val");
  }
  use_splits(options, request);
  if (request.best_by.text() != BestBy().text() && !request.validation) {
    throw usage_error("{}: without a validation list there is no figure to go by",
                      options.where("train.best_by"))
        .with_hint("give one with --data-val, or leave it out: the last model is then the best");
  }
  request.loader = loader_options(options);
  request.loader.shuffle = options.text("data.shuffle") == "on";
  request.loader.last_batch = last_batch_of(options.text("data.last_batch"));
  request.loader.seed = static_cast<uint64_t>(options.integer("train.seed"));
  request.loader.augmentation = augmentation_of(options);
  request.loader.cache = picture_cache_of(options);
  request.progressive = edges_of(options);
  request.accumulate = static_cast<int>(options.integer("train.accumulate"));
  read_optimizer_options(options, request);
  if (options.has("train.save_result")) {
    request.mxnet_name =
        options.has("train.save_name") ? options.text("train.save_name") : own_name(request.model);
  }
  request.on_nan = options.text("train.on_nan") == "rollback" ? OnNan::kRollback : OnNan::kStop;
  request.replay = options.text("train.replay");
  request.checkpoints = {.minutes = options.real("train.checkpoint_minutes"),
                         .steps = options.integer("train.checkpoint_steps"),
                         .keep = static_cast<int>(options.integer("train.keep_checkpoints"))};
  request.resume = options.boolean("train.resume");
  request.force = options.boolean("train.force");
  request.threads = thread_count(options);
  request.verbose = options.boolean("verbose");
  return request;
}

}  // namespace orthrus
