// `orthrus pack`: a list's pictures into one RecordIO file.
#include <fmt/format.h>

#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/model_argument.h"
#include "data/pack.h"
#include "infer/options.h"
#include "model/labelled_data.h"

namespace orthrus {

namespace {

std::vector<OptionSpec> pack_options() {
  return {
      {.key = "pack.images",
       .flag = "--images",
       .value_name = "DIR",
       .help = "Folder of the pictures; the list's own when not given.",
       .group = "Data"},
      {.key = "pack.out",
       .flag = "--out",
       .value_name = "PREFIX",
       .help = "Writes PREFIX.rec, PREFIX.idx and PREFIX.lst.",
       .group = "Output"},
      {.key = "pack.resize",
       .flag = "--resize",
       .type = OptionType::kInteger,
       .default_text = "0",
       .min = 0,
       .max = 65500,
       .help = "Encode pictures whose shorter edge is longer than N anew as JPEG, resized to it; "
               "all others keep their files' bytes. 0: all do.",
       .group = "Output"},
      {.key = "pack.quality",
       .flag = "--quality",
       .type = OptionType::kInteger,
       .default_text = "95",
       .min = 1,
       .max = 100,
       .help = "Quality of JPEGs that are encoded anew.",
       .group = "Output"},
      {.key = "pack.on_bad_image",
       .flag = "--on-bad-image",
       .type = OptionType::kChoice,
       .default_text = "fail",
       .choices = {"fail", "skip"},
       .help = "What to do with a picture that is missing or cannot be decoded.",
       .group = "Data"},
  };
}

int run_pack(const Options& options, CommandContext& context) {
  if (!options.has("pack.out")) throw usage_error("--out is missing: where to write");
  set_threads(thread_count(options));
  PictureFiles files;
  files.list = options.positionals().front();
  files.folder = options.has("pack.images") ? std::filesystem::path(options.text("pack.images"))
                                            : files.list.parent_path();
  files.exclude = options.text("data.exclude");
  files.table = table_rules(options);
  const std::string prefix = options.text("pack.out");
  std::error_code ignored;
  for (const char* ending : {".rec", ".idx", ".lst"}) {
    if (!std::filesystem::equivalent(prefix + ending, files.list, ignored)) continue;
    throw usage_error("--out {}: '{}' is what is packed", prefix, prefix + ending);
  }
  refuse_splits(files);
  const LabelledData data = open_all_columns(files, column_reading(options));
  const std::shared_ptr<Pictures>& pictures = data.pictures;
  report_columns(data, context.terminal);
  const PackOptions pack = {.limits = decode_limits(options),
                            .pixels = pixel_rule(options),
                            .resize = options.integer("pack.resize"),
                            .quality = static_cast<int>(options.integer("pack.quality")),
                            .on_bad_image = options.text("pack.on_bad_image") == "skip"
                                                ? OnBadImage::kSkip
                                                : OnBadImage::kFail};
  const StopSignals signals(nullptr);
  Progress progress(context.terminal, "packing",
                    static_cast<int64_t>(pictures->list().entries.size()));
  const PackReport report = pack_pictures(*pictures, prefix, pack, [&](int64_t more) {
    progress.advance(more);
    signals.throw_if_requested();
  });
  progress.finish();
  for (const std::string& skipped : report.skipped) context.terminal.print_line(skipped);
  if (report.renumbered) {
    context.terminal.print_line(
        fmt::format("indexes of the list stand for several images or are negative: the records are "
                    "numbered from 0 instead, and '{0}.lst' is the list that goes with '{0}.rec'",
                    prefix));
  }
  if (report.webp > 0) {
    context.terminal.print_line(
        fmt::format("{} pictures are WebP, which MXNet does not read", report.webp));
  }
  fmt::print(context.out, "{}.rec: {} pictures, {} encoded anew, {} left out, {} bytes\n", prefix,
             report.packed, report.encoded, report.skipped.size(), report.bytes);
  return 0;
}

}  // namespace

Command make_pack_command() {
  Command command = {
      .name = "pack",
      .summary = "Pack a list's pictures into a RecordIO file, as MXNet reads it",
      .syntax = {.positionals = {{.name = "LIST",
                                  .help = "A list or table, or a folder per class.",
                                  .required = true}}},
      .examples = {"orthrus pack train.lst --images images --out train --resize 256"},
      .run = run_pack};
  command.options.add(pack_options());
  command.options.add(table_options());
  command.options.add(picture_options());
  command.options.add(threads_option());
  return command;
}

}  // namespace orthrus
