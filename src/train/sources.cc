#include "train/sources.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.h"
#include "data/joined_pictures.h"
#include "infer/options.h"
#include "model/label_check.h"
#include "model/labelled_data.h"

namespace orthrus {

namespace {

constexpr const char* kSection = "source";

std::span<const Options> source_entries(const Options& options) {
  const auto sections = options.table().sections();
  const bool declared =
      std::ranges::find(sections, kSection, &OptionSection::name) != sections.end();
  return declared ? options.section(kSection) : std::span<const Options>();
}

TrainSource source_of(const Options& entry, const Options& options) {
  if (!entry.has("list")) {
    throw usage_error("{}: it has no list", entry.entry_where())
        .with_hint("list = \"some.csv\": a list, table, .rec file or folder per class");
  }
  TrainSource source{.files = picture_files(entry, "list", "images")};
  source.files.exclude = options.text("data.exclude");
  source.files.table = table_rules(options);
  source.files.columns = entry.list("columns");
  source.files.table.decimal = entry.text("decimal").front();
  source.share = entry.real("share");
  return source;
}

// Of each source: the tasks' columns by name, or everything where a task knows none.
ColumnSelection columns_for(const std::vector<Task>& tasks, const BindingOptions& options) {
  ColumnSelection selection{.all = false, .names = options.columns};
  for (const Task& task : tasks) {
    selection.names.insert(selection.names.end(), task.column_names.begin(),
                           task.column_names.end());
    if (task.column_names.empty() && options.columns.empty()) selection.all = true;
  }
  return selection;
}

}  // namespace

OptionTable source_section() {
  OptionTable table;
  table.add({
      {.key = "list",
       .help = "Its pictures: a list, a table, a .rec file, or a folder with a sub-folder per "
               "class."},
      {.key = "images",
       .help = "Folder of these pictures, or a .rec file that holds them; the list's own folder "
               "when not given."},
      {.key = "share",
       .type = OptionType::kReal,
       .default_text = "0",
       .min = 0,
       .max = 1e9,
       .help = "Its share of an epoch's pictures, beside the other sources' shares; without any, "
               "each picture has one turn."},
      {.key = "decimal",
       .type = OptionType::kChoice,
       .default_text = ".",
       .choices = {".", ","},
       .help = "Decimal separator of the numbers in its table."},
      {.key = "columns",
       .type = OptionType::kList,
       .help = "Names of its label columns in their order, where it names none (.lst, .rec) or "
               "others than the tasks."},
  });
  return table;
}

std::vector<TrainSource> sources_of(const Options& options) {
  const std::span<const Options> entries = source_entries(options);
  if (entries.empty()) {
    return {{.files = picture_files(options, "data.train", "data.image_train")}};
  }
  if (options.has("data.train")) {
    throw usage_error("{}: there are [[source]] tables too", options.where("data.train"))
        .with_hint("keep one of them");
  }
  std::vector<TrainSource> sources;
  for (const Options& entry : entries) {
    sources.push_back(source_of(entry, options));
  }
  const auto shares =
      std::ranges::count_if(sources, [](const TrainSource& source) { return source.share > 0; });
  if (shares != 0 && shares != std::ssize(sources)) {
    throw usage_error("{} of {} [[source]] tables have a share above 0", shares, sources.size())
        .with_hint("give all of them a share, or none");
  }
  return sources;
}

TrainPictures open_sources(const std::vector<TrainSource>& sources, std::vector<Task>& tasks,
                           const BindingOptions& options) {
  TrainPictures result;
  const auto add_turns = [&](const Pictures& pictures, double share) {
    result.turns.push_back({.pictures = pictures.list().entries.size(), .share = share});
  };
  if (sources.size() == 1) {
    LabelledData data = open_labelled(sources.front().files, tasks, options);
    add_turns(*data.pictures, sources.front().share);
    result.pictures = std::move(data.pictures);
    result.binding = std::move(data.binding);
    return result;
  }
  std::vector<SharedPictures> parts;
  for (const TrainSource& source : sources) {
    PictureFiles files = source.files;
    files.table.selection = columns_for(tasks, options);
    parts.push_back(open_pictures(files));
    add_turns(*parts.back(), source.share);
  }
  const std::shared_ptr<Pictures> joined = join_pictures(std::move(parts));
  result.binding = bind_labels(*joined, tasks, options);
  check_labels(*joined, tasks, {options.classes_file, options.unknown_class_hint});
  result.pictures = joined;
  return result;
}

SharedPictures open_validation(const PictureFiles& files, const ImageList& training,
                               const std::vector<Task>& tasks, const BindingOptions& options,
                               Binding& binding) {
  std::vector<Task> own = tasks;
  LabelledData data = open_labelled(files, own, options);
  move_labels(*data.pictures, own, tasks, training.label_columns);
  binding = std::move(data.binding);
  return std::move(data.pictures);
}

}  // namespace orthrus
