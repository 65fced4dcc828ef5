// `orthrus list`: lists for training, validation and test from a folder per class or another list.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/model_argument.h"
#include "data/list_writer.h"
#include "data/pictures.h"
#include "infer/options.h"
#include "model/labelled_data.h"

namespace orthrus {

namespace {

OptionSpec share_option(const std::string& part, const std::string& name) {
  return {.key = "list." + part,
          .flag = "--" + part,
          .type = OptionType::kReal,
          .default_text = "0",
          .min = 0,
          .max = 1,
          .value_name = "SHARE",
          .help = "Share of each class that goes to " + name + ", such as 0.1.",
          .group = "Split"};
}

void write_part(const ImageList& list, const std::vector<size_t>& positions,
                const std::string& path, CommandContext& context) {
  std::error_code ignored;
  if (std::filesystem::equivalent(path, list.origin, ignored)) {
    throw usage_error("--out: '{}' is the list that is read", path);
  }
  AtomicFile file(path);
  for (const size_t position : positions) {
    const ListEntry entry = list.entries[position];
    file.write(list_line(static_cast<int64_t>(position), entry.labels, entry.path));
  }
  file.commit();
  fmt::print(context.out, "{}: {} pictures\n", path, positions.size());
}

// "set_val.lst: no image of these classes, which are too small: rose", where there are any.
void warn_of_absent(const ImageList& list, const std::vector<size_t>& part, const std::string& path,
                    CommandContext& context) {
  constexpr size_t kMostNamed = 20;
  const std::vector<float> absent = absent_labels(list, part);
  if (absent.empty()) return;
  std::vector<std::string> names;
  for (const float label : absent) {
    if (names.size() == kMostNamed) break;
    const bool named = !list.columns.empty() && label >= 0 &&
                       label < static_cast<float>(list.columns.front().classes.size());
    names.push_back(named ? list.columns.front().classes[static_cast<size_t>(label)]
                          : fmt::format("{}", label));
  }
  if (absent.size() > names.size()) {
    names.push_back(fmt::format("and {} more", absent.size() - names.size()));
  }
  context.terminal.print_line(
      fmt::format("{}: no image of these classes, which have too few for their share: {}", path,
                  fmt::join(names, ", ")));
}

int run_list(const Options& options, CommandContext& context) {
  if (!options.has("list.out")) throw usage_error("--out is missing: where to write");
  const SplitShares shares{options.real("list.val"), options.real("list.test")};
  if (shares.validation + shares.test >= 1) {
    throw usage_error("--val {} and --test {} leave nothing for training", shares.validation,
                      shares.test);
  }
  const PictureFiles files{
      .list = options.positionals().front(), .folder = "", .table = table_rules(options)};
  refuse_splits(files);
  const LabelledData data = open_all_columns(files, column_reading(options));
  const ImageList& list = data.pictures->list();
  report_columns(data, context.terminal);
  const std::string prefix = options.text("list.out");
  const auto seed = static_cast<uint64_t>(options.integer("list.seed"));
  const Split3 split = split_list(list, shares, seed);
  const bool divided = shares.validation > 0 || shares.test > 0;
  const auto write = [&](const std::vector<size_t>& part, const std::string& path) {
    write_part(list, part, path, context);
    warn_of_absent(list, part, path, context);
  };
  write(split.train, prefix + (divided ? "_train.lst" : ".lst"));
  if (shares.validation > 0) write(split.validation, prefix + "_val.lst");
  if (shares.test > 0) write(split.test, prefix + "_test.lst");
  if (!list.columns.empty() && !list.columns.front().classes.empty()) {
    std::string names;
    for (const std::string& name : list.columns.front().classes) names += name + '\n';
    write_file(prefix + "_classes.txt", names);
    fmt::print(context.out, "{}_classes.txt: {} classes\n", prefix,
               list.columns.front().classes.size());
  }
  return 0;
}

}  // namespace

Command make_list_command() {
  Command command = {
      .name = "list",
      .summary = "Write image lists from a folder per class, split by class and seed",
      .syntax = {.positionals = {{.name = "DIR",
                                  .help =
                                      "A folder with a sub-folder per class, or a list or table "
                                      "to be split.",
                                  .required = true}}},
      .examples = {"orthrus list photos --out flowers --val 0.1 --test 0.1",
                   "orthrus train --data-train flowers_train.lst --image-train photos "
                   "--classes flowers_classes.txt --num-classes 5 --model pretrained/resnet-50"},
      .run = run_list};
  command.options.add(
      OptionSpec{.key = "list.out",
                 .flag = "--out",
                 .value_name = "PREFIX",
                 .help = "Writes PREFIX.lst, or PREFIX_train.lst, PREFIX_val.lst and "
                         "PREFIX_test.lst, and PREFIX_classes.txt where classes have names.",
                 .group = "Output"});
  command.options.add(table_options());
  command.options.add(share_option("val", "validation"));
  command.options.add(share_option("test", "test"));
  command.options.add(OptionSpec{.key = "list.seed",
                                 .flag = "--seed",
                                 .type = OptionType::kInteger,
                                 .default_text = "0",
                                 .min = 0,
                                 .help = "Another seed deals the pictures out differently.",
                                 .group = "Split"});
  return command;
}

}  // namespace orthrus
