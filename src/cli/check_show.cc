#include "cli/check_show.h"

#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "base/file.h"
#include "data/contact_sheet.h"
#include "data/encode_png.h"
#include "data/options.h"
#include "infer/options.h"
#include "model/options.h"

namespace orthrus {

std::vector<OptionSpec> check_show_options() {
  std::vector<OptionSpec> all = {
      {.key = "check.show",
       .flag = "--show",
       .value_name = "FILE.png",
       .help = "Write a contact sheet: pictures of the list as a training would get them in its "
               "first epoch, with their labels.",
       .group = "Output"},
      {.key = "check.show_count",
       .flag = "--show-count",
       .type = OptionType::kInteger,
       .default_text = "25",
       .min = 1,
       .max = 400,
       .help = "Pictures on it.",
       .group = "Output"},
      {.key = "check.seed",
       .flag = "--seed",
       .type = OptionType::kInteger,
       .default_text = "0",
       .min = 0,
       .help = "Seed of their augmentation, as that of train.",
       .group = "Output"},
      image_shape_option(),
  };
  std::ranges::move(augmentation_options(), std::back_inserter(all));
  return all;
}

void check_show_arguments(const Options& options) {
  (void)augmentation_of(options);
  (void)preprocessing_of(options);
}

void show_pictures(const Options& options, const SharedPictures& pictures) {
  if (!options.has("check.show")) return;
  Preprocessing preprocessing = preprocessing_of(options);
  set_pixel_rules(options, preprocessing);
  LoaderOptions loader;
  loader.shuffle = true;
  loader.seed = static_cast<uint64_t>(options.integer("check.seed"));
  loader.limits = decode_limits(options);
  loader.augmentation = augmentation_of(options);
  const Image sheet = contact_sheet(pictures, preprocessing, loader,
                                    static_cast<int>(options.integer("check.show_count")));
  write_file(options.text("check.show"), encode_png(sheet));
}

}  // namespace orthrus
