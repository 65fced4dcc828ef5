#include "cli/foreign_flags.h"

#include <string_view>
#include <vector>

namespace orthrus {

namespace {

using Names = std::vector<std::string_view>;

struct Row {
  Names flags;
  Names keys;
  std::string_view remark = {};
};

std::vector<Row> data_flags() {
  return {
      {{"--data", "--data-dir", "--data-path", "--data-root", "--datadir", "--dataset",
        "--dataset-dir", "--root", "--train", "--train-dir", "--train-data", "--train-path",
        "--traindir", "--train-file", "--source", "--input", "--images", "-d"},
       {"data.train", "data.val", "bench.data"}},
      {{"--val", "--val-dir", "--val-data", "--val-path", "--valdir", "--valid", "--valid-dir",
        "--validation", "--validation-data", "--validation-dir", "--validation-file", "--test-data",
        "--eval-data"},
       {"data.val"}},
      {{"--val-split", "--validation-split", "--valid-pct", "--val-pct", "--val-ratio", "--split",
        "--test-split"},
       {},
       "split the images first: orthrus list DATA --out PREFIX --val 0.1"},
      {{"--subset", "--train-fraction", "--limit-train-batches"}, {"train.fraction"}},
      {{"--batch", "--batchsize", "--bs", "-b", "--train-batch-size",
        "--per-device-train-batch-size", "--mini-batch-size", "--batch-size-per-gpu",
        "--per-gpu-train-batch-size", "--eval-batch-size", "--validation-batch-size",
        "--val-batch-size"},
       {"data.batch_size", "bench.batch_size"}},
      {{"--num-class", "--nb-classes", "--n-classes", "--nclasses", "--nclass", "--nc",
        "--num-labels"},
       {"data.num_classes", "check.num_classes"}},
      {{"--class-names", "--names", "--labels", "--class-map", "--label-map", "--labels-file"},
       {"model.classes"}},
      {{"--imgsz", "--img-size", "--image-size", "--input-size", "--img", "--img-dim",
        "--input-shape", "--crop-size", "--train-crop-size", "--val-crop-size", "--resolution",
        "--size", "-i"},
       {"model.image_shape"},
       "it takes channels, height and width, such as 3,224,224"},
      {{"--train-interpolation", "--crop-interpolation"}, {"data.interpolation"}},
      {{"--no-shuffle"}, {"data.shuffle"}, "--shuffle off"},
      {{"--cache-images", "--cache-ram"}, {"data.picture_cache"}},
  };
}

std::vector<Row> model_flags() {
  return {
      {{"--arch",
        "-a",
        "-m",
        "--backbone",
        "--net",
        "--network",
        "--model-name",
        "--model-name-or-path",
        "--weights",
        "--checkpoint",
        "--ckpt",
        "--checkpoint-path",
        "--ckpt-path",
        "--load",
        "--load-model",
        "--initial-checkpoint",
        "--pretrained-model",
        "--model-path",
        "--model-prefix",
        "--finetune"},
       {"model.source", "bench.model"},
       "it takes a file, a run, or the name of a built-in network"},
      {{"--pretrained", "--pre-trained", "--no-pretrained"},
       {"model.source", "bench.model"},
       "pretrained weights are a file, such as --model resnet50.safetensors; a built-in network by "
       "name starts from random values"},
      {{"--load-epoch", "--start-epoch", "--initial-epoch"}, {"model.epoch"}},
      {{"--freeze", "--freeze-layers", "--freeze-backbone", "--linear-probe", "--linear-probing",
        "--feature-extract", "--unfreeze"},
       {"finetune.train"},
       "--train heads trains the heads alone, --train last:1 the last stage too"},
      {{"--freeze-epochs"}, {"finetune.heads_first"}},
      {{"--dropout", "--drop", "--drop-rate"},
       {},
       "dropout = 0.2 in a [[task]] table of the tasks file is the head's (docs/tasks.md)"},
      {{"--drop-path", "--drop-path-rate", "--drop-connect", "--stochastic-depth-prob"},
       {"optimizer.stochastic_depth"}},
      {{"--loss", "--criterion"},
       {},
       "a task's kind says its loss: kind = \"softmax\", \"multilabel\" or \"ordinal\" in its "
       "[[task]] table (docs/tasks.md)"},
      {{"--smoothing", "--label-smoothing"},
       {},
       "label_smoothing = 0.1 in a [[task]] table of the tasks file (docs/tasks.md)"},
      {{"--class-weight", "--class-weights", "--balanced"},
       {},
       "class_weights = \"balanced\" in a [[task]] table of the tasks file (docs/tasks.md)"},
  };
}

std::vector<Row> training_flags() {
  return {
      {{"--num-epochs", "--n-epochs", "--nepochs", "--nb-epochs", "--max-epochs",
        "--num-train-epochs", "--train-epochs", "-e", "-n"},
       {"train.num_epoch"}},
      {{"--time-limit", "--max-time"}, {"train.time"}},
      {{"--lr0", "--init-lr", "--initial-lr", "--base-lr", "--lr-max", "--max-lr", "-l"},
       {"optimizer.lr"}},
      {{"--weight-decay", "--weightdecay", "--l2", "--decay", "--wdecay"},
       {"optimizer.weight_decay"}},
      {{"--momentum"}, {"optimizer.momentum"}},
      {{"--opt", "--optim", "--optimiser"}, {"optimizer.name"}},
      {{"--nesterov"}, {"optimizer.name"}, "--optimizer nesterov"},
      {{"--adam", "--adamw"}, {"optimizer.name"}, "--optimizer adamw"},
      {{"--beta1", "--adam-beta1", "--betas", "--opt-betas"}, {"optimizer.beta1"}},
      {{"--beta2", "--adam-beta2"}, {"optimizer.beta2"}},
      {{"--eps", "--epsilon", "--opt-eps", "--adam-epsilon"}, {"optimizer.epsilon"}},
      {{"--sched", "--scheduler", "--lr-scheduler", "--lr-scheduler-type", "--lr-schedule",
        "--lr-sched", "--lr-policy"},
       {"optimizer.schedule"}},
      {{"--cos", "--cosine", "--cos-lr"}, {"optimizer.schedule"}, "--schedule cosine"},
      {{"--step-size", "--lr-step-size", "--decay-epochs", "--decay-milestones", "--milestones",
        "--lr-steps", "--lr-step-epochs", "--lr-factor", "--lr-gamma", "--gamma", "--decay-rate",
        "--lr-decay"},
       {"optimizer.schedule"},
       "step lowers the rate to a tenth after 5 and 10 epochs of --num-examples"},
      {{"--warmup-epochs", "--warmup-steps", "--warmup-iters", "--lr-warmup-epochs",
        "--warmup-ratio", "--warmup-t"},
       {"optimizer.warmup"},
       "it counts updates, not epochs"},
      {{"--min-lr", "--lr-min", "--lrf", "--eta-min", "--end-lr"},
       {"optimizer.last_lr"},
       "it is a share of the learning rate"},
      {{"--clip-grad", "--grad-clip", "--clip-grad-norm", "--max-grad-norm", "--gradient-clip-val",
        "--gradient-clip", "--clip"},
       {"optimizer.clip_norm"}},
      {{"--early-stopping", "--early-stop", "--early-stopping-patience", "--patience-epochs"},
       {"train.patience"}},
      {{"--model-ema", "--model-ema-decay", "--ema-decay", "--use-ema"},
       {"optimizer.ema"},
       "it takes the decay, such as 0.999"},
      {{"--accumulation-steps", "--accum-steps", "--accum-iter", "--grad-accum-steps",
        "--grad-accum", "--accum", "--gradient-accumulation", "--gradient-accumulation-steps",
        "--accumulate-grad-batches"},
       {"train.accumulate"}},
      {{"--resume-from", "--resume-from-checkpoint", "--resume-path", "--auto-resume"},
       {"train.resume"},
       "it goes on with the run that --run or the configuration names"},
      {{"--epochs", "--num-epoch", "--num-epochs", "--max-epochs", "--lr", "--learning-rate"},
       {},
       "leave it out: this command does not train"},
      {{"--random-seed", "--manual-seed", "--random-state", "--rng-seed"},
       {"train.seed", "list.seed", "check.seed"}},
      {{"--metric", "--eval-metric", "--monitor", "--metric-for-best-model"}, {"train.best_by"}},
      {{"--aug", "--augmentation", "--augmentations"}, {"data.augment"}},
      {{"--no-aug", "--no-augment"}, {"data.augment"}, "--augment none"},
      {{"--aa", "--auto-augment", "--autoaugment", "--randaugment"}, {"augment.policy"}},
      {{"--hflip", "--fliplr", "--horizontal-flip", "--random-mirror"}, {"augment.mirror"}},
      {{"--color-jitter", "--colour-jitter", "--jitter"},
       {"augment.brightness"},
       "--contrast, --saturation and --hue are the others"},
      {{"--reprob", "--random-erase", "--random-erasing", "--erasing"}, {"augment.erase"}},
      {{"--mixup-alpha"}, {"augment.mixup"}},
      {{"--cutmix-alpha"}, {"augment.cutmix"}},
      {{"--random-resized-crop", "--random-crop", "--rand-crop"}, {"augment.crop"}},
  };
}

std::vector<Row> machine_flags() {
  return {
      {{"--workers", "-j", "--num-workers", "--nworkers", "--dataloader-num-workers",
        "--num-threads", "--nthreads", "--cpus", "--data-nthreads", "--jobs"},
       {"threads"},
       "the threads that compute also load the images"},
      {{"--gpu", "--gpu-id", "--gpu-ids", "--device-id", "--devices", "--cuda-device", "--ngpu",
        "--ngpus", "--num-gpus", "-g"},
       {"gpus"},
       "it takes the number of one GPU"},
      {{"--cuda", "--use-cuda", "--use-gpu", "--accelerator"}, {"device"}, "--device cuda"},
      {{"--cpu", "--use-cpu", "--no-cuda", "--no-gpu"}, {"device"}, "--device cpu"},
      {{"--amp", "--fp16", "--half", "--bf16", "--use-amp", "--mixed-precision", "--native-amp",
        "--apex-amp", "--dtype", "--amp-dtype", "--float16"},
       {"precision"},
       "--precision bf16"},
      {{"--distributed", "--world-size", "--local-rank", "--rank", "--dist-url", "--dist-backend",
        "--multiprocessing-distributed", "--sync-bn", "--nproc-per-node"},
       {},
       "Orthrus trains on one machine, and on one GPU at most"},
      {{"--pin-mem", "--pin-memory", "--persistent-workers", "--prefetch", "--no-prefetcher",
        "--channels-last", "--compile", "--torchcompile", "--jit", "--cudnn-benchmark"},
       {},
       "leave it out: loading, memory layouts and kernels are chosen by Orthrus itself"},
  };
}

std::vector<Row> results_flags() {
  return {
      {{"--output",      "--output-dir", "--outdir",      "--out-dir",     "--out",
        "--output-path", "-o",           "--save-dir",    "--save-path",   "--save",
        "--save-folder", "--project",    "--name",        "--experiment",  "--exp-name",
        "--run-name",    "--log-dir",    "--logdir",      "--logging-dir", "--checkpoint-dir",
        "--ckpt-dir",    "--model-dir",  "--results-dir", "--work-dir"},
       {"lr_find.out", "tune.out", "train.run", "out", "soup.out", "pack.out", "list.out",
        "check.bad_list"}},
      {{"--output", "--out", "--output-path", "-o", "--save-path", "--save-txt", "--save",
        "--output-dir"},
       {"csv"},
       "it prints to standard output: orthrus predict ... --csv > FILE"},
      {{"--exist-ok", "--overwrite", "--overwrite-output-dir", "--force-overwrite"},
       {},
       "a run is never overwritten: give --run another name, or go on with --resume"},
      {{"--nosave", "--no-save", "--save-period", "--save-freq", "--save-every", "--save-interval",
        "--save-best", "--save-last", "--checkpoint-hist", "--save-strategy"},
       {},
       "a run keeps its best and its last model, and the newest checkpoints: see "
       "--keep-checkpoints"},
      {{"--print-freq", "--log-interval", "--log-freq", "--disp-batches", "--logging-steps"},
       {},
       "leave it out: metrics.csv has a row for each epoch and task"},
      {{"--wandb", "--log-wandb", "--tensorboard", "--use-tensorboard", "--report-to"},
       {},
       "leave it out: each run writes event files for TensorBoard"},
      {{"--evaluate", "--eval", "--test-only", "--validate", "--eval-only"},
       {},
       "a model is measured by: orthrus evaluate MODEL --data-val LIST"},
      {{"--predict", "--inference"}, {}, "images are classified by: orthrus predict MODEL IMAGE"},
      {{"--topk", "--top-k"}, {"top"}},
      {{"--conf", "--conf-thres", "--threshold", "--confidence", "--conf-threshold"},
       {"min_confidence"}},
      {{"--test-time-augmentation", "--augment"}, {"infer.tta"}, "--tta mirror"},
      {{"--cfg", "--config-file", "--yaml", "-c"},
       {"train.recipe"},
       "--config FILE.toml reads all options from a file"},
  };
}

std::vector<ForeignFlag> all_flags() {
  std::vector<ForeignFlag> all;
  for (const auto& rows :
       {data_flags(), model_flags(), training_flags(), machine_flags(), results_flags()}) {
    for (const Row& row : rows) {
      for (const std::string_view flag : row.flags) all.push_back({flag, row.keys, row.remark});
    }
  }
  return all;
}

}  // namespace

std::span<const ForeignFlag> foreign_flags() {
  static const std::vector<ForeignFlag> all = all_flags();
  return all;
}

}  // namespace orthrus
