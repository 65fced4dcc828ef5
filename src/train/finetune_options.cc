#include "train/finetune_options.h"

#include "base/error.h"

namespace orthrus {

std::vector<OptionSpec> finetune_options() {
  return {
      {.key = "finetune.train",
       .flag = "--train",
       .type = OptionType::kList,
       .default_text = "all",
       .value_name = "all|heads|last:N|PATTERN",
       .help =
           "What is trained; the rest keeps its values. heads; last:N: the heads and the last N "
           "stages, a stage ending where the picture shrinks; or patterns of parameters' names, "
           "with * and ?. --dry-run lists the stages.",
       .group = "Fine-tuning"},
      {.key = "finetune.bn",
       .flag = "--bn",
       .type = OptionType::kChoice,
       .default_text = "auto",
       .choices = {"auto", "frozen", "train"},
       .help = "Statistics of BatchNorms while training. train: those of the batch; frozen: the "
               "stored ones; auto: the stored ones where nothing of the layer is trained.",
       .group = "Fine-tuning"},
      {.key = "finetune.input_norm",
       .flag = "--input-norm",
       .type = OptionType::kChoice,
       .default_text = "auto",
       .choices = {"auto", "on", "off"},
       .help = "Whether mean and standard deviation are taken from the pixels. auto: yes, but "
               "where the first BatchNorm is frozen and its statistics disagree with the pictures "
               "that is mended: by raw pixels if they fit, else by the pictures' statistics.",
       .group = "Fine-tuning"},
      {.key = "finetune.cache",
       .flag = "--cache",
       .type = OptionType::kChoice,
       .default_text = "auto",
       .choices = {"auto", "off", "memory", "disk"},
       .help = "Where the output of a frozen part is kept, so that it is computed once for each "
               "picture and not in each epoch. auto: in memory, where pictures are not augmented "
               "and half of the free memory is enough.",
       .group = "Fine-tuning",
       .incidental = true},
      {.key = "finetune.cache_folder",
       .flag = "--cache-folder",
       .default_text = "cache",
       .value_name = "DIR",
       .help =
           "Folder of --cache disk. Files that do not fit are never used; they may be removed at "
           "any time.",
       .group = "Fine-tuning",
       .incidental = true},
      {.key = "finetune.cache_budget",
       .flag = "--cache-budget",
       .type = OptionType::kReal,
       .min = 0.001,
       .max = 1e9,
       .value_name = "MB",
       .help = "Most megabytes that a cache may take; half of the free memory, or all of the disk, "
               "when not given.",
       .group = "Fine-tuning",
       .incidental = true},
      {.key = "finetune.cache_type",
       .flag = "--cache-type",
       .type = OptionType::kChoice,
       .default_text = "f32",
       .choices = {"f32", "bf16"},
       .help = "Numbers in the cache. f32: the very results of computing afresh; bf16: half the "
               "space, rounded.",
       .group = "Fine-tuning"},
      {.key = "finetune.views",
       .flag = "--views",
       .type = OptionType::kInteger,
       .min = 1,
       .max = 1000,
       .value_name = "K",
       .help = "Keep the features of K augmented views of each picture; epochs take turns.",
       .group = "Fine-tuning"},
      {.key = "finetune.heads_first",
       .flag = "--heads-first",
       .type = OptionType::kInteger,
       .default_text = "0",
       .min = 0,
       .max = 9999,
       .value_name = "N",
       .help = "Before the training, train the heads alone on kept features until they stop "
               "improving, N epochs at most.",
       .group = "Fine-tuning"},
      {.key = "finetune.solver",
       .flag = "--solver",
       .type = OptionType::kChoice,
       .default_text = "sgd",
       .choices = {"sgd", "lbfgs"},
       .help = "lbfgs: solve for linear heads with all pictures at once (--train heads), the "
               "regularisation chosen by the validation list; one epoch without updates then "
               "measures and saves. sgd: epochs, with whatever --optimizer says.",
       .group = "Fine-tuning"},
      {.key = "train.fraction",
       .flag = "--fraction",
       .type = OptionType::kReal,
       .default_text = "1",
       .min = 1e-6,
       .max = 1,
       .help = "Share of the training pictures that is used, for a quick try; which ones is "
               "chosen by --seed.",
       .group = "Data"},
      {.key = "train.patience",
       .flag = "--patience",
       .type = OptionType::kInteger,
       .default_text = "0",
       .min = 0,
       .max = 9999,
       .value_name = "N",
       .help =
           "End when N epochs in a row were no better in validation than the best one; 0: train "
           "all epochs.",
       .group = "Training",
       .incidental = true},
      {.key = "train.dry_run",
       .flag = "--dry-run",
       .type = OptionType::kBoolean,
       .default_text = "off",
       .help = "Tell what would be trained, how much memory that takes and how long, from a few "
               "measured steps; write nothing.",
       .group = "Run",
       .incidental = true},
  };
}

void read_finetune_options(const Options& options, TrainRequest& request) {
  request.part.items = options.list("finetune.train");
  const std::string norm = options.text("finetune.bn");
  request.part.batch_norm = norm == "auto"     ? BatchNormMode::kAuto
                            : norm == "frozen" ? BatchNormMode::kFrozen
                                               : BatchNormMode::kTrain;
  const std::string input = options.text("finetune.input_norm");
  request.input_norm = input == "auto" ? InputNorm::kAuto
                       : input == "on" ? InputNorm::kOn
                                       : InputNorm::kOff;
  if (request.input_norm == InputNorm::kOff) {
    request.preprocessing.mean.fill(0);
    request.preprocessing.std.fill(1);
  }
  const std::string cache = options.text("finetune.cache");
  request.cache.place = cache == "auto"     ? CachePlace::kAuto
                        : cache == "off"    ? CachePlace::kOff
                        : cache == "memory" ? CachePlace::kMemory
                                            : CachePlace::kDisk;
  request.cache.folder = options.text("finetune.cache_folder");
  if (options.has("finetune.cache_budget")) {
    request.cache.budget_bytes = static_cast<uint64_t>(options.real("finetune.cache_budget") * 1e6);
  }
  if (options.text("finetune.cache_type") == "bf16") request.cache.dtype = DType::kBF16;
  request.heads_first = static_cast<int>(options.integer("finetune.heads_first"));
  request.solve = options.text("finetune.solver") == "lbfgs";
  request.fraction = options.real("train.fraction");
  request.patience = static_cast<int>(options.integer("train.patience"));
  if (request.patience > 0 && !options.has("data.val")) {
    throw usage_error("{} needs a validation list", options.where("train.patience"))
        .with_hint("give --data-val, or leave it out");
  }
  if (options.has("finetune.views")) {
    request.cache.views = static_cast<int>(options.integer("finetune.views"));
  }
}

}  // namespace orthrus
