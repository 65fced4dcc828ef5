// `orthrus check`: reads a data set once and says what a training would stumble over.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/threads.h"
#include "cli/check_show.h"
#include "cli/commands.h"
#include "cli/model_argument.h"
#include "data/check.h"
#include "data/column_choice.h"
#include "data/splits.h"
#include "infer/options.h"
#include "model/labelled_data.h"

namespace orthrus {

namespace {

constexpr size_t kPicturesShown = 10;  // of bad pictures and of groups, in the table
constexpr size_t kClassesShown = 20;

using Sets = std::vector<SharedPictures>;

std::string path_of(const Sets& sets, const CheckedPicture& picture) {
  return std::string(sets[picture.set]->list().entries[picture.position].path);
}

void print_labels(std::FILE* out, const ColumnCounts& column, size_t number) {
  const std::string name = column.name.empty() ? "" : fmt::format(" '{}'", column.name);
  fmt::print(out, "  label column {}{}: {} given, {} missing", number, name, column.given,
             column.missing);
  if (!column.whole || column.counts.empty()) {
    fmt::print(out, ", numbers from {} to {}\n", column.least, column.most);
    return;
  }
  fmt::print(out, ", {} classes, the commonest {:.1f} times as often as the rarest\n",
             column.counts.size(), column.imbalance());
  size_t shown = 0;
  for (const auto& [label, count] : column.counts) {
    if (++shown > kClassesShown) {
      fmt::print(out, "    and {} more classes\n", column.counts.size() - kClassesShown);
      break;
    }
    fmt::print(out, "    {:<24} {:>9}  {:5.1f} %\n", column.class_name(label), count,
               100.0 * static_cast<double>(count) / static_cast<double>(column.given));
  }
}

void print_set(std::FILE* out, const Pictures& pictures, const SetReport& report) {
  fmt::print(out, "{}: {} pictures\n", pictures.list().origin.string(), report.pictures);
  fmt::print(out, "  width {} to {} (median {}), height {} to {} (median {})\n", report.width.least,
             report.width.most, report.width.median, report.height.least, report.height.most,
             report.height.median);
  for (const auto& [format, count] : report.formats) {
    fmt::print(out, "  {}: {}\n", format, count);
  }
  if (report.turned > 0) {
    fmt::print(out, "  lying on their side by EXIF: {} (see --pixels of train)\n", report.turned);
  }
  for (size_t i = 0; i < report.labels.size(); ++i) print_labels(out, report.labels[i], i + 1);
}

void print_bad(std::FILE* out, const Sets& sets, const CheckReport& report) {
  for (size_t kind = 0; kind < kBadnessNames.size(); ++kind) {
    const auto badness = static_cast<Badness>(kind);
    const size_t count = report.count(badness);
    fmt::print(out, "{}: {}\n", kBadnessNames[kind], count);
    size_t shown = 0;
    for (const BadPicture& bad : report.bad) {
      if (bad.badness != badness || ++shown > kPicturesShown) continue;
      const std::string place = sets[bad.set]->place_in_list(bad.position);
      fmt::print(out, "  {}{}: {}\n", place.empty() ? "" : place + ": ",
                 path_of(sets, {bad.set, bad.position}), bad.reason);
    }
    if (count > kPicturesShown) fmt::print(out, "  and {} more\n", count - kPicturesShown);
  }
}

void print_group(std::FILE* out, const Sets& sets, const CheckedGroup& group, bool differ) {
  constexpr size_t kMembersShown = 4;
  std::vector<std::string> members;
  for (const CheckedPicture& picture : group) {
    if (members.size() == kMembersShown) break;
    std::string text = path_of(sets, picture);
    if (differ) {
      text += fmt::format(" ({})", labels_text(sets[picture.set]->list(), picture.position));
    }
    members.push_back(std::move(text));
  }
  const size_t rest = group.size() - members.size();
  fmt::print(out, "  {}{}{}{}\n", across(group) ? "in both: " : "", differ ? "labels differ: " : "",
             fmt::join(members, " = "), rest > 0 ? fmt::format(" and {} more", rest) : "");
}

void print_groups(std::FILE* out, const Sets& sets, const std::vector<CheckedGroup>& groups,
                  const char* kind) {
  std::vector<bool> differ;
  for (const CheckedGroup& group : groups) differ.push_back(labels_differ(sets, group));
  const auto contradictions = std::ranges::count(differ, true);
  fmt::print(out, "{} duplicates: {} groups", kind, groups.size());
  if (sets.size() > 1) {
    fmt::print(out, ", {} of them in training and validation alike",
               std::ranges::count_if(groups, across));
  }
  if (contradictions > 0) fmt::print(out, ", {} of them with labels that differ", contradictions);
  fmt::print(out, "\n");
  // Those that spoil a validation first, then those that contradict each other.
  size_t shown = 0;
  for (const int rank : {3, 2, 1, 0}) {
    for (size_t i = 0; i < groups.size(); ++i) {
      if (2 * across(groups[i]) + differ[i] != rank || ++shown > kPicturesShown) continue;
      print_group(out, sets, groups[i], differ[i]);
    }
  }
  if (groups.size() > kPicturesShown)
    fmt::print(out, "  and {} more\n", groups.size() - kPicturesShown);
}

nlohmann::ordered_json json_of(const Spread& spread) {
  return {{"min", spread.least}, {"median", spread.median}, {"max", spread.most}};
}

nlohmann::ordered_json json_of(const ColumnCounts& column) {
  nlohmann::ordered_json json = {{"name", column.name},
                                 {"given", column.given},
                                 {"missing", column.missing},
                                 {"min", column.least},
                                 {"max", column.most}};
  if (!column.whole || column.counts.empty()) return json;
  json["imbalance"] = column.imbalance();
  nlohmann::ordered_json& classes = json["classes"] = nlohmann::ordered_json::array();
  for (const auto& [label, count] : column.counts) {
    classes.push_back({{"label", label}, {"name", column.class_name(label)}, {"pictures", count}});
  }
  return json;
}

nlohmann::ordered_json json_of(const Sets& sets, const std::vector<CheckedGroup>& groups) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const CheckedGroup& group : groups) {
    nlohmann::ordered_json members = nlohmann::ordered_json::array();
    for (const CheckedPicture& picture : group) {
      const ImageList& list = sets[picture.set]->list();
      members.push_back({{"list", list.origin.string()},
                         {"path", path_of(sets, picture)},
                         {"labels", labels_text(list, picture.position)}});
    }
    json.push_back({{"across", across(group)},
                    {"labels_differ", labels_differ(sets, group)},
                    {"pictures", members}});
  }
  return json;
}

std::string json_text(const Sets& sets, const CheckReport& report) {
  nlohmann::ordered_json json;
  for (size_t set = 0; set < sets.size(); ++set) {
    const SetReport& of_set = report.sets[set];
    nlohmann::ordered_json labels = nlohmann::ordered_json::array();
    for (const ColumnCounts& column : of_set.labels) labels.push_back(json_of(column));
    json["lists"].push_back({{"list", sets[set]->list().origin.string()},
                             {"pictures", of_set.pictures},
                             {"width", json_of(of_set.width)},
                             {"height", json_of(of_set.height)},
                             {"formats", of_set.formats},
                             {"turned_by_exif", of_set.turned},
                             {"labels", labels},
                             {"warnings", sets[set]->list().warnings}});
  }
  json["bad"] = nlohmann::ordered_json::array();
  for (const BadPicture& bad : report.bad) {
    json["bad"].push_back({{"list", sets[bad.set]->list().origin.string()},
                           {"line", sets[bad.set]->list().entries[bad.position].line},
                           {"path", path_of(sets, {bad.set, bad.position})},
                           {"kind", kBadnessNames[static_cast<size_t>(bad.badness)]},
                           {"reason", bad.reason}});
  }
  json["exact_duplicates"] = json_of(sets, report.exact);
  json["near_duplicates"] = json_of(sets, report.near);
  // A path need not be UTF-8, but JSON must be: such bytes are replaced.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

// What train --exclude takes.
std::string bad_list_text(const Sets& sets, const CheckReport& report) {
  std::string text;
  for (const BadPicture& bad : report.bad) {
    std::string reason = bad.reason;
    std::ranges::replace_if(
        reason, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    text += fmt::format("{}\t{}: {}\n", path_of(sets, {bad.set, bad.position}),
                        kBadnessNames[static_cast<size_t>(bad.badness)], reason);
  }
  return text;
}

// A result must not land among what is checked by a slip of the hand.
void refuse_overwriting_data(const Options& options, const char* key, const Sets& sets) {
  if (!options.has(key)) return;
  std::error_code ignored;
  for (const SharedPictures& set : sets) {
    if (!std::filesystem::equivalent(options.text(key), set->list().origin, ignored)) continue;
    throw usage_error("{}: '{}' is the list that is checked", options.where(key),
                      options.text(key));
  }
}

Sets open_sets(const Options& options, CommandContext& context) {
  PictureFiles files;
  files.list = options.positionals().front();
  files.folder = options.has("check.images") ? std::filesystem::path(options.text("check.images"))
                                             : files.list.parent_path();
  files.exclude = options.text("data.exclude");
  files.table = table_rules(options);
  std::optional<PictureFiles> second;
  if (options.has("data.val")) second = picture_files(options, "data.val", "data.image_val");
  if (const std::optional<Splits> splits = find_splits(files)) {
    context.terminal.print_line(splits->report);
    if (!(*splits)[SplitPart::kTrain]) {
      throw input_error("'{}' has no part for training", files.list.string());
    }
    files = *(*splits)[SplitPart::kTrain];
    const bool validates = (*splits)[SplitPart::kValidation].has_value();
    if (!second) second = (*splits)[validates ? SplitPart::kValidation : SplitPart::kTest];
    if (validates && (*splits)[SplitPart::kTest]) {
      context.terminal.print_line("the test part is left out: check it with --data-val DIR/test");
    }
  }
  ColumnReading reading = column_reading(options);
  reading.allow_mixtures = true;
  Sets sets;
  for (const PictureFiles* part : {&files, second ? &*second : nullptr}) {
    if (part == nullptr) continue;
    if (!sets.empty()) reading.known = sets.front()->list().columns;
    const LabelledData data = open_all_columns(*part, reading);
    for (const std::string& warning : data.pictures->list().warnings) {
      context.terminal.print_line(warning);
    }
    for (const std::string& warning : data.binding.warnings) context.terminal.print_line(warning);
    sets.push_back(data.pictures);
  }
  return sets;
}

// The label column that --num-classes is about.
size_t class_column(const Options& options, const ImageList& list) {
  const bool matters = options.has("check.num_classes") && list.columns.size() > 1;
  return matters ? choose_label_columns(list.columns, options.list("data.label_column"),
                                        list.origin.string())
                       .front()
                 : 0;
}

int run_check(const Options& options, CommandContext& context) {
  check_show_arguments(options);
  set_threads(thread_count(options));
  const Sets sets = open_sets(options, context);
  refuse_overwriting_data(options, "check.bad_list", sets);
  refuse_overwriting_data(options, "check.show", sets);
  for (const char* key : {"check.bad_list", "check.show"}) {
    if (options.has(key)) check_writable(options.text(key));
  }
  size_t total = 0;
  for (const SharedPictures& set : sets) total += set->list().entries.size();
  const StopSignals signals(nullptr);
  Progress progress(context.terminal, "checking", static_cast<int64_t>(total));
  const CheckOptions check = {
      .limits = decode_limits(options),
      .tiny_edge = options.integer("check.min_edge"),
      .classes = options.has("check.num_classes") ? options.integer("check.num_classes") : 0,
      .class_column = class_column(options, sets.front()->list())};
  const CheckReport report = check_pictures(sets, check, [&](int64_t more) {
    progress.advance(more);
    signals.throw_if_requested();
  });
  progress.finish();

  if (options.boolean("json")) {
    fmt::print(context.out, "{}", json_text(sets, report));
  } else {
    for (size_t set = 0; set < sets.size(); ++set) {
      print_set(context.out, *sets[set], report.sets[set]);
    }
    print_bad(context.out, sets, report);
    print_groups(context.out, sets, report.exact, "exact");
    print_groups(context.out, sets, report.near, "near");
  }
  if (options.has("check.bad_list")) {
    write_file(options.text("check.bad_list"), bad_list_text(sets, report));
  }
  show_pictures(options, sets.front());
  return report.bad.empty() ? 0 : exit_code(ErrorKind::kInput);
}

std::vector<OptionSpec> check_options() {
  return {
      {.key = "check.images",
       .flag = "--images",
       .value_name = "DIR",
       .help = "Folder of the pictures, or a .rec file that holds them; the list's own folder when "
               "not given.",
       .group = "Data"},
      {.key = "data.val",
       .flag = "--data-val",
       .value_name = "LIST",
       .help = "A second list, of validation, which should share no picture with the first.",
       .group = "Data"},
      {.key = "data.image_val",
       .flag = "--image-val",
       .value_name = "DIR",
       .help = "Its folder; the list's own when not given.",
       .group = "Data"},
      {.key = "check.num_classes",
       .flag = "--num-classes",
       .type = OptionType::kInteger,
       .min = 1,
       .max = 1e6,
       .help = "Classes of the label column; other labels in it are bad.",
       .group = "What is bad"},
      {.key = "check.min_edge",
       .flag = "--min-edge",
       .type = OptionType::kInteger,
       .default_text = "10",
       .min = 1,
       .max = 65536,
       .help = "Pictures with a side of fewer pixels are bad: tiny.",
       .group = "What is bad"},
      json_option(),
      {.key = "check.bad_list",
       .flag = "--bad-list",
       .value_name = "FILE",
       .help =
           "Write the bad pictures (missing, unreadable, tiny, label out of range) for --exclude "
           "of train.",
       .group = "Output"},
  };
}

}  // namespace

Command make_check_command() {
  Command command = {
      .name = "check",
      .summary = "Read a data set once and report bad pictures, duplicates and labels",
      .syntax = {.positionals = {{.name = "LIST",
                                  .help = "A list, table or .rec file, or a folder per class. The "
                                          "exit code is 3 when a picture is bad, else 0.",
                                  .required = true}}},
      .examples = {"orthrus check train.lst --images images --data-val val.lst --bad-list bad.txt",
                   "orthrus check train.lst --images images --augment modern --show sheet.png"},
      .run = run_check};
  command.options.add(check_options());
  command.options.add(table_options());
  command.options.add(picture_options());
  command.options.add(check_show_options());
  command.options.add(threads_option());
  return command;
}

}  // namespace orthrus
