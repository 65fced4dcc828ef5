// A table with an option of every kind.
#pragma once

#include "base/options.h"

namespace orthrus {

inline OptionTable sample_table() {
  OptionTable task;
  task.add({.key = "name"});
  task.add({.key = "classes", .type = OptionType::kInteger, .min = 2});
  task.add({.key = "map", .type = OptionType::kTable});
  OptionTable table;
  table.add(std::vector<OptionSpec>{
      {.key = "optimizer.lr",
       .flag = "--lr",
       .type = OptionType::kReal,
       .default_text = "0.001",
       .min = 0,
       .help = "Learning rate.",
       .group = "Optimizer"},
      {.key = "train.epochs",
       .flag = "--num-epoch",
       .aliases = {"--epochs"},
       .hidden_aliases = {"--old-epochs"},
       .type = OptionType::kInteger,
       .default_text = "10",
       .min = 1,
       .max = 1000,
       .help = "Epochs to train.",
       .group = "Training"},
      {.key = "epoch",
       .type = OptionType::kInteger,
       .min = 0,
       .help = "Epoch to load.",
       .group = "Model"},
      {.key = "threads",
       .flag = "--threads",
       .type = OptionType::kInteger,
       .default_text = "auto",
       .min = 1,
       .choices = {"auto"},
       .help = "Threads.",
       .group = "Training"},
      {.key = "gpus", .flag = "--gpus", .help = "Devices.", .group = "Training"},
      {.key = "offset",
       .flag = "--offset",
       .type = OptionType::kReal,
       .default_text = "0",
       .help = "Offset.",
       .group = "Training"},
      {.key = "shuffle",
       .flag = "--shuffle",
       .type = OptionType::kBoolean,
       .help = "Shuffle.",
       .group = "Training"},
      {.key = "bar",
       .flag = "--bar",
       .type = OptionType::kBoolean,
       .default_text = "on",
       .help = "Show a bar.",
       .group = "Training"},
      {.key = "precision",
       .flag = "--precision",
       .type = OptionType::kChoice,
       .default_text = "f32",
       .choices = {"f32", "bf16", "auto"},
       .help = "Arithmetic.",
       .group = "Training"},
      {.key = "images",
       .flag = "--images",
       .type = OptionType::kList,
       .help = "Folders.",
       .group = "Data"}});
  table.add_section("task", task);
  return table;
}

}  // namespace orthrus
