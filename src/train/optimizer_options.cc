#include "train/optimizer_options.h"

#include "base/error.h"

namespace orthrus {
namespace {

// Options that only some choice of another one reads. A file may hold them: config.toml has all.
void check_read(const Options& options, const char* key, const char* chooser, bool is_read) {
  const OptionOrigin origin = options.origin(key);
  const bool asked = origin == OptionOrigin::kFlag || origin == OptionOrigin::kEnvironment;
  if (!asked || is_read) return;
  throw usage_error("{} has no meaning with {} {}", options.where(key), options.where(chooser),
                    options.text(chooser))
      .with_hint("leave one of them out");
}

}  // namespace

std::vector<OptionSpec> optimizer_options() {
  return {
      {.key = "optimizer.lr",
       .key_aliases = {"optimizer.learning_rate"},
       .flag = "--lr",
       .aliases = {"--learning-rate"},
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
      {.key = "optimizer.name",
       .flag = "--optimizer",
       .type = OptionType::kChoice,
       .default_text = optimizer_names().front(),
       .choices = optimizer_names(),
       .help =
           "sgd: with momentum, as in MXNet; nesterov: the same with Nesterov's momentum; adamw: "
           "Adam with decoupled weight decay; lars, lamb: sgd and adamw with a rate for each layer "
           "by the norm of its weights, for very large batches.",
       .group = "Optimizer"},
      {.key = "optimizer.beta1",
       .type = OptionType::kReal,
       .default_text = "0.9",
       .min = 0,
       .max = 0.999999,
       .help = "adamw, lamb: share of the mean of gradients that is kept.",
       .group = "Optimizer"},
      {.key = "optimizer.beta2",
       .type = OptionType::kReal,
       .default_text = "0.999",
       .min = 0,
       .max = 0.999999,
       .help = "adamw, lamb: share of the mean of squared gradients that is kept.",
       .group = "Optimizer"},
      {.key = "optimizer.epsilon",
       .type = OptionType::kReal,
       .default_text = "1e-8",
       .min = 0,
       .help = "adamw, lamb: added to the root of that mean.",
       .group = "Optimizer"},
      {.key = "optimizer.clip_norm",
       .flag = "--clip-norm",
       .type = OptionType::kReal,
       .default_text = "0",
       .min = 0,
       .help = "Most that the norm of all gradients together may be; 0: as it is.",
       .group = "Optimizer"},
      {.key = "optimizer.trust",
       .type = OptionType::kReal,
       .default_text = "0.001",
       .min = 0,
       .help = "lars: share of its weights' norm that a layer's update may have.",
       .group = "Optimizer"},
      {.key = "optimizer.agc",
       .flag = "--agc",
       .type = OptionType::kReal,
       .default_text = "0",
       .min = 0,
       .help =
           "Most that the norm of a gradient may be, as a share of its weights' norm, output by "
           "output, such as 0.01; the heads are left as they are. 0: as it is.",
       .group = "Optimizer"},
      {.key = "optimizer.sam",
       .flag = "--sam",
       .type = OptionType::kReal,
       .default_text = "0",
       .min = 0,
       .help = "Sharpness-aware minimisation: the gradient is taken this far uphill, such as 0.05. "
               "Each step costs two. 0: it is not.",
       .group = "Optimizer"},
      {.key = "optimizer.layer_decay",
       .flag = "--layer-decay",
       .type = OptionType::kReal,
       .default_text = "1",
       .min = 0,
       .max = 1,
       .help =
           "Factor of the learning rate from the heads to the last stage, and from each stage to "
           "the one below.",
       .group = "Optimizer"},
      {.key = "optimizer.ema",
       .flag = "--ema",
       .type = OptionType::kReal,
       .default_text = "0",
       .min = 0,
       .max = 0.999999,
       .help =
           "Share that a moving average of the weights keeps at each step, such as 0.999; it is "
           "what is validated and saved. 0: the weights themselves.",
       .group = "Optimizer"},
      {.key = "optimizer.stochastic_depth",
       .flag = "--stochastic-depth",
       .type = OptionType::kReal,
       .default_text = "0",
       .min = 0,
       .max = 0.999,
       .help =
           "Probability that the last residual branch is left out for a picture, those before in "
           "proportion, such as 0.1; of what is trained. 0: none is.",
       .group = "Optimizer"},
      {.key = "optimizer.swa",
       .flag = "--swa",
       .type = OptionType::kInteger,
       .default_text = "0",
       .min = 0,
       .max = 9999,
       .value_name = "N",
       .help = "Average the weights at the ends of the last N epochs, with BatchNorm's statistics "
               "taken anew; it is what is validated and saved then. 0: the weights themselves.",
       .group = "Optimizer"},
      {.key = "optimizer.schedule",
       .flag = "--schedule",
       .type = OptionType::kChoice,
       .default_text = schedule_names().front(),
       .choices = schedule_names(),
       .help =
           "How the learning rate changes. step: a tenth after 5 and 10 epochs of "
           "--num-examples, as the original script; cosine, linear: down to --last-lr at the "
           "end; one-cycle: up from a 25th, then down to next to nothing; plateau: a tenth "
           "each time that --plateau-patience epochs in a row were no better in validation; bit: "
           "warm-up, steps, epochs and mixup by the number of pictures, as BiT's HyperRule.",
       .group = "Optimizer"},
      {.key = "optimizer.warmup",
       .flag = "--warmup",
       .type = OptionType::kInteger,
       .default_text = "0",
       .min = 0,
       .help = "Updates in which the learning rate first rises in a straight line.",
       .group = "Optimizer"},
      {.key = "optimizer.plateau_patience",
       .flag = "--plateau-patience",
       .type = OptionType::kInteger,
       .default_text = "3",
       .min = 1,
       .max = 9999,
       .value_name = "N",
       .help = "plateau: epochs without improvement before the learning rate falls.",
       .group = "Optimizer"},
      {.key = "optimizer.last_lr",
       .flag = "--last-lr",
       .type = OptionType::kReal,
       .default_text = "0",
       .min = 0,
       .max = 1,
       .help = "cosine, linear: the share of the learning rate at the end.",
       .group = "Optimizer"},
  };
}

void read_optimizer_options(const Options& options, TrainRequest& request) {
  const std::string name = options.text("optimizer.name");
  const std::string schedule = options.text("optimizer.schedule");
  const bool adam = name == "adamw" || name == "lamb";
  for (const char* key : {"optimizer.beta1", "optimizer.beta2", "optimizer.epsilon"}) {
    check_read(options, key, "optimizer.name", adam);
  }
  check_read(options, "optimizer.momentum", "optimizer.name", !adam);
  check_read(options, "optimizer.trust", "optimizer.name", name == "lars");
  check_read(options, "optimizer.last_lr", "optimizer.schedule",
             schedule == "cosine" || schedule == "linear");
  check_read(options, "optimizer.warmup", "optimizer.schedule",
             schedule != "one-cycle" && schedule != "bit");
  check_read(options, "optimizer.plateau_patience", "optimizer.schedule", schedule == "plateau");
  if (schedule == "plateau" && !options.has("data.val")) {
    throw usage_error("{}: plateau goes by the validation list",
                      options.where("optimizer.schedule"))
        .with_hint("give --data-val, or another --schedule");
  }
  request.optimizer = {.name = name,
                       .momentum = options.real("optimizer.momentum"),
                       .weight_decay = options.real("optimizer.weight_decay"),
                       .beta1 = options.real("optimizer.beta1"),
                       .beta2 = options.real("optimizer.beta2"),
                       .epsilon = options.real("optimizer.epsilon"),
                       .trust = options.real("optimizer.trust"),
                       .clip_norm = options.real("optimizer.clip_norm"),
                       .clip_adaptive = options.real("optimizer.agc")};
  request.stochastic_depth = options.real("optimizer.stochastic_depth");
  request.climb = options.real("optimizer.sam");
  if (request.climb > 0 && request.accumulate > 1) {
    throw usage_error("{} and {} do not go together", options.where("optimizer.sam"),
                      options.where("train.accumulate"))
        .with_hint("leave one of them out");
  }
  request.layer_decay = options.real("optimizer.layer_decay");
  request.average_decay = options.real("optimizer.ema");
  request.averaged_epochs = static_cast<int>(options.integer("optimizer.swa"));
  if (request.average_decay > 0 && request.averaged_epochs > 0) {
    throw usage_error("{} and {} are two averages of the same weights",
                      options.where("optimizer.ema"), options.where("optimizer.swa"))
        .with_hint("leave one of them out");
  }
  request.schedule = {
      .kind = schedule_named(schedule),
      .base = options.real("optimizer.lr"),
      .steps = classic_steps(options.integer("data.num_examples"),
                             int64_t{request.loader.batch_size} * request.accumulate),
      .warmup = options.integer("optimizer.warmup"),
      .last = options.real("optimizer.last_lr"),
      .plateau_patience = static_cast<int>(options.integer("optimizer.plateau_patience"))};
}

}  // namespace orthrus
