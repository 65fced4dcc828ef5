#include "infer/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <system_error>

#include "base/error.h"
#include "base/threads.h"
#include "infer/compute.h"

namespace orthrus {

namespace {

// "25", or "1%" of the list.
BadBudget bad_budget(const Options& options) {
  const std::string text = options.text("data.max_bad");
  const bool share = text.ends_with('%');
  double number = -1;
  const char* end = text.data() + text.size() - (share ? 1 : 0);
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const bool valid = error == std::errc() && stop == end && number >= 0 &&
                     (share ? number <= 100 : number <= 1e15 && number == std::floor(number));
  if (!valid) {
    throw usage_error("{}: '{}' is neither a number of pictures nor a share such as 1%",
                      options.where("data.max_bad"), text);
  }
  if (share) return {.share = number / 100};
  return {.count = static_cast<uint64_t>(number)};
}

}  // namespace

OptionSpec threads_option() {
  return {.key = "threads",
          .flag = "--threads",
          .type = OptionType::kInteger,
          .default_text = "auto",
          .min = 1,
          .max = 1024,
          .choices = {"auto"},
          .help = "Threads that compute; auto: one for each core that may be used.",
          .group = "Machine"};
}

OptionSpec test_time_option() {
  return {.key = "infer.tta",
          .flag = "--tta",
          .type = OptionType::kChoice,
          .default_text = "none",
          .choices = {"none", "mirror"},
          .help =
              "Test-time augmentation. mirror: the mean of the answers to each picture and to "
              "its mirror image, in twice the time.",
          .group = "Data"};
}

bool averages_mirrored(const Options& options) {
  return options.text("infer.tta") == "mirror";
}

OptionSpec memory_option() {
  return {.key = "memory",
          .flag = "--memory",
          .type = OptionType::kChoice,
          .default_text = "auto",
          .choices = {"fast", "auto", "lean"},
          .help =
              "What backward needs of forward. fast: kept; auto: outputs of BatchNorm are "
              "computed again, which saves a third of the memory and costs next to no time; "
              "lean: those of convolutions too, which saves half and costs about a sixth of the "
              "speed. The results are the same bytes.",
          .group = "Machine",
          .incidental = true};
}

std::vector<OptionSpec> table_options() {
  return {
      {.key = "data.label_column",
       .flag = "--label-column",
       .type = OptionType::kList,
       .value_name = "NAME,...",
       .help =
           "Label columns of a table: for training one task each, otherwise for the columns that "
           "the model's tasks read. When not given, the columns that the tasks name, or the "
           "only one that may be meant.",
       .group = "Data"},
      {.key = "data.path_column",
       .flag = "--path-column",
       .value_name = "NAME",
       .help = "Column of a table that holds the paths; when not given, the one with a usual name "
               "(path, file, filename, image, image_path, ...).",
       .group = "Data"},
      {.key = "data.split_column",
       .flag = "--split-column",
       .value_name = "NAME",
       .help = "Column of a table that says to which part a row belongs: train; val, valid, "
               "validation or dev; test.",
       .group = "Data"},
      {.key = "table.decimal",
       .key_aliases = {"decimal"},
       .flag = "--decimal",
       .type = OptionType::kChoice,
       .default_text = ".",
       .choices = {".", ","},
       .help = "Decimal separator of numbers in tables, for tasks that do not say theirs.",
       .group = "Data"},
  };
}

TableOptions table_rules(const Options& options) {
  if (options.table().find_key("data.path_column") == nullptr) return {};
  return {.path_column = options.text("data.path_column"),
          .split_column = options.text("data.split_column")};
}

std::vector<OptionSpec> picture_options() {
  return {
      {.key = "data.exclude",
       .flag = "--exclude",
       .value_name = "FILE",
       .help = "Pictures to leave out, one path of the list on each line; what follows a tab is a "
               "remark. orthrus check --bad-list writes such a file.",
       .group = "Data"},
      {.key = "data.pixels",
       .flag = "--pixels",
       .type = OptionType::kChoice,
       .default_text = "mxnet",
       .choices = {"mxnet", "modern"},
       .help = "What files' pixels mean. mxnet: EXIF ignored, alpha dropped, of 16 bits the high "
               "byte; modern: EXIF orientation applied, alpha laid on white, 16 bits rounded.",
       .group = "Data"},
      {.key = "data.interpolation",
       .flag = "--interpolation",
       .type = OptionType::kChoice,
       .default_text = "cubic",
       .choices = {kInterpolationNames.begin(), kInterpolationNames.end()},
       .help = "How pictures are resized, as OpenCV does. auto: cubic where they grow, area where "
               "they shrink, linear else. A .safetensors model says this itself.",
       .group = "Data"},
      {.key = "data.max_pixels",
       .flag = "--max-pixels",
       .type = OptionType::kInteger,
       .default_text = "268435456",
       .min = 1,
       .max = 1e12,
       .help = "Pictures with more pixels are bad; told by the header, before memory is taken.",
       .group = "Data"},
      {.key = "data.max_file_bytes",
       .flag = "--max-file-bytes",
       .type = OptionType::kInteger,
       .default_text = "1073741824",
       .min = 1,
       .help = "Picture files with more bytes are bad.",
       .group = "Data"},
      {.key = "data.max_scans",
       .flag = "--max-scans",
       .type = OptionType::kInteger,
       .default_text = "500",
       .min = 1,
       .max = 1e6,
       .help = "Progressive JPEGs with more scans are bad: each costs time, and few are needed.",
       .group = "Data"},
  };
}

DecodeLimits decode_limits(const Options& options) {
  return {.max_file_bytes = static_cast<uint64_t>(options.integer("data.max_file_bytes")),
          .max_pixels = options.integer("data.max_pixels"),
          .max_scans = static_cast<int>(options.integer("data.max_scans"))};
}

PixelRule pixel_rule(const Options& options) {
  return options.text("data.pixels") == "modern" ? PixelRule::kModern : PixelRule::kMxnet;
}

void set_pixel_rules(const Options& options, Preprocessing& preprocessing) {
  if (options.given("data.pixels")) preprocessing.pixels = pixel_rule(options);
  if (!options.given("data.interpolation")) return;
  const std::string text = options.text("data.interpolation");
  const auto* const named = std::ranges::find(kInterpolationNames, text);
  preprocessing.interpolation = static_cast<Interpolation>(named - kInterpolationNames.begin());
}

std::vector<OptionSpec> inference_options(const std::string& default_batch_size) {
  std::vector<OptionSpec> all = {
      {.key = "data.val",
       .flag = "--data-val",
       .value_name = "LIST",
       .help = "Validation pictures: a list, table or .rec file, or a folder per class.",
       .group = "Data"},
      {.key = "data.image_val",
       .flag = "--image-val",
       .value_name = "DIR",
       .help = "Folder of the validation pictures, or a .rec file that holds them; the list's own "
               "folder when not given.",
       .group = "Data"},
      {.key = "data.batch_size",
       .flag = "--batch-size",
       .type = OptionType::kInteger,
       .default_text = default_batch_size,
       .min = 1,
       .max = 65536,
       .help = "Pictures computed at once.",
       .group = "Data"},
      {.key = "data.on_bad_image",
       .flag = "--on-bad-image",
       .type = OptionType::kChoice,
       .default_text = "fail",
       .choices = {"fail", "skip"},
       .help = "What to do with a picture that is missing or cannot be decoded.",
       .group = "Data"},
      {.key = "data.max_bad",
       .flag = "--max-bad",
       .default_text = "1%",
       .value_name = "N|P%",
       .help =
           "With --on-bad-image=skip, stop when more pictures than this are bad; a share allows "
           "one at least.",
       .group = "Data"},
  };
  std::ranges::move(table_options(), std::back_inserter(all));
  std::ranges::move(picture_options(), std::back_inserter(all));
  all.push_back(threads_option());
  std::ranges::move(compute_options(), std::back_inserter(all));
  return all;
}

PictureFiles picture_files(const Options& options, const std::string& list_key,
                           const std::string& folder_key) {
  if (!options.has(list_key)) {
    throw usage_error("{} is missing: no list of pictures", options.where(list_key));
  }
  PictureFiles files;
  files.list = options.text(list_key);
  files.folder = options.has(folder_key) ? std::filesystem::path(options.text(folder_key))
                                         : files.list.parent_path();
  if (options.has(folder_key) && holds_pictures(files.list)) {
    throw usage_error("{}: '{}' holds its pictures itself, so no folder is expected",
                      options.where(folder_key), files.list.string());
  }
  const bool may_exclude = options.table().find_key("data.exclude") != nullptr;
  if (may_exclude) files.exclude = options.text("data.exclude");
  files.table = table_rules(options);
  return files;
}

LoaderOptions loader_options(const Options& options) {
  LoaderOptions loader;
  loader.batch_size = static_cast<int>(options.integer("data.batch_size"));
  loader.on_bad_image =
      options.text("data.on_bad_image") == "skip" ? OnBadImage::kSkip : OnBadImage::kFail;
  loader.max_bad = bad_budget(options);
  loader.limits = decode_limits(options);
  // While a GPU computes the processor is free to load the next pictures.
  const bool on_gpu = options.table().find_key("gpus") != nullptr && gpu_choice(options);
  if (on_gpu) loader.threads = thread_count(options);
  return loader;
}

int thread_count(const Options& options) {
  if (options.text("threads") == "auto") return usable_cores();
  return static_cast<int>(options.integer("threads"));
}

}  // namespace orthrus
