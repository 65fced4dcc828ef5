#include "cli/bench_data.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/threads.h"
#include "data/loader_benchmark.h"
#include "data/options.h"
#include "infer/options.h"
#include "model/options.h"

namespace orthrus {

namespace {

struct Stage {
  const char* name;
  double seconds;
};

std::vector<Stage> stages_of(const LoaderBenchmark& result) {
  return {{"read", result.read_seconds},
          {"decode", result.decode_seconds},
          {"resize and crop", result.crop_seconds},
          {"normalise", result.normalise_seconds},
          {"all stages", result.stage_seconds()}};
}

nlohmann::ordered_json to_json(const LoaderBenchmark& result) {
  const auto count = static_cast<double>(result.pictures);
  nlohmann::ordered_json stages;
  for (const Stage& stage : stages_of(result)) stages[stage.name] = 1e3 * stage.seconds / count;
  return {{"images_per_second", result.loader_pictures_per_second},
          {"pictures", result.pictures},
          {"bytes_per_picture", static_cast<double>(result.file_bytes) / count},
          {"threads", current_threads()},
          {"stage_milliseconds", stages}};
}

void print(std::FILE* out, const LoaderBenchmark& result, const Preprocessing& preprocessing) {
  const auto count = static_cast<double>(result.pictures);
  fmt::print(out, "{} pictures of {:.0f} kB on average to 3x{}x{}\n", result.pictures,
             static_cast<double>(result.file_bytes) / count / 1e3, preprocessing.height,
             preprocessing.width);
  fmt::print(out, "{:<18} {:>10} {:>12}   on one thread\n", "stage", "ms/picture", "pictures/s");
  for (const Stage& stage : stages_of(result)) {
    fmt::print(out, "{:<18} {:>10.3f} {:>12.0f}\n", stage.name, 1e3 * stage.seconds / count,
               count / stage.seconds);
  }
  fmt::print(out, "{:<18} {:>10.3f} {:>12.0f}   on {} threads\n", "the loader",
             1e3 / result.loader_pictures_per_second, result.loader_pictures_per_second,
             current_threads());
}

}  // namespace

std::vector<OptionSpec> bench_data_options() {
  return {
      {.key = "bench.data",
       .flag = "--data",
       .value_name = "LIST",
       .help = "Measure the loading of these pictures instead: a list, table, .rec file or folder "
               "per class.",
       .group = "Loading"},
      {.key = "bench.images",
       .flag = "--images",
       .value_name = "DIR",
       .help = "Folder of these pictures, or a .rec file that holds them; the list's own folder "
               "when not given.",
       .group = "Loading"},
  };
}

int run_data_bench(const Options& options, CommandContext& context) {
  Preprocessing preprocessing = preprocessing_of(options);
  set_pixel_rules(options, preprocessing);
  PictureFiles files = picture_files(options, "bench.data", "bench.images");
  files.labels = false;
  files.table.selection = {.all = false};
  const SharedPictures pictures = open_pictures(files);
  LoaderOptions loader;
  loader.batch_size = static_cast<int>(options.integer("bench.batch_size"));
  loader.shuffle = true;
  loader.limits = decode_limits(options);
  loader.augmentation = augmentation_of(options);
  set_threads(thread_count(options));
  const LoaderBenchmark result = measure_loader(pictures, preprocessing, loader);
  if (options.boolean("json")) {
    fmt::print(context.out, "{}\n", to_json(result).dump(2));
  } else {
    print(context.out, result, preprocessing);
  }
  return 0;
}

}  // namespace orthrus
