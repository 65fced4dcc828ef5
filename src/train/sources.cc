#include "train/sources.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.h"
#include "data/joined_pictures.h"
#include "infer/options.h"
#include "model/label_check.h"

namespace orthrus {

namespace {

constexpr const char* kSection = "source";

std::span<const Options> source_entries(const Options& options) {
  const auto sections = options.table().sections();
  const bool declared =
      std::ranges::find(sections, kSection, &OptionSection::name) != sections.end();
  return declared ? options.section(kSection) : std::span<const Options>();
}

TrainSource source_of(const Options& entry, const std::string& exclude) {
  if (!entry.has("list")) {
    throw usage_error("{}: it has no list", entry.entry_where())
        .with_hint("list = \"some.csv\": a list, table, .rec file or folder per class");
  }
  TrainSource source{.files = picture_files(entry, "list", "images")};
  source.files.exclude = exclude;
  source.files.columns = entry.list("columns");
  source.share = entry.real("share");
  return source;
}

// By name; the class names of columns read later are those of the ones read before.
void add_known(const ImageList& list, std::vector<LabelColumn>& known) {
  for (const LabelColumn& column : list.columns) {
    if (column.name.empty() || column.classes.empty()) continue;
    if (std::ranges::find(known, column.name, &LabelColumn::name) == known.end()) {
      known.push_back(column);
    }
  }
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
    sources.push_back(source_of(entry, options.text("data.exclude")));
  }
  const auto shares =
      std::ranges::count_if(sources, [](const TrainSource& source) { return source.share > 0; });
  if (shares != 0 && shares != std::ssize(sources)) {
    throw usage_error("{} of {} [[source]] tables have a share above 0", shares, sources.size())
        .with_hint("give all of them a share, or none");
  }
  return sources;
}

TrainPictures open_sources(const std::vector<TrainSource>& sources,
                           const std::vector<Task>& tasks) {
  std::vector<LabelColumn> known = named_columns(tasks);
  std::vector<SharedPictures> parts;
  TrainPictures result;
  for (const TrainSource& source : sources) {
    PictureFiles files = source.files;
    files.may_lack_columns = sources.size() > 1;
    parts.push_back(open_pictures(files, known));
    add_known(parts.back()->list(), known);
    result.turns.push_back(
        {.pictures = parts.back()->list().entries.size(), .share = source.share});
  }
  result.pictures = parts.size() == 1 ? parts.front() : join_pictures(std::move(parts));
  return result;
}

SharedPictures open_validation(const PictureFiles& files, const ImageList& training,
                               const std::vector<Task>& tasks) {
  SharedPictures pictures = open_pictures(files, named_columns(tasks));
  const std::vector<std::string> wanted = column_names(training);
  const std::vector<std::string> names = column_names(pictures->list());
  const bool known = !names.empty() && std::ranges::all_of(names, [&](const std::string& name) {
    return !name.empty() && std::ranges::find(wanted, name) != wanted.end();
  });
  if (!known || names == wanted) return pictures;
  return join_pictures({std::move(pictures)}, training.columns);
}

}  // namespace orthrus
