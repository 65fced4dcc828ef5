#include "data/options.h"

#include <string>

#include "base/error.h"

namespace orthrus {

namespace {

OptionSpec amount(const std::string& key, const std::string& flag, double most,
                  const std::string& help) {
  return {.key = "augment." + key,
          .flag = flag,
          .type = OptionType::kReal,
          .default_text = "0",
          .min = 0,
          .max = most,
          .help = help,
          .group = "Augmentation"};
}

CropRule crop_rule(const std::string& text) {
  if (text == "random") return CropRule::kRandom;
  return text == "resized" ? CropRule::kRandomResized : CropRule::kCentre;
}

AugmentPolicy policy_of(const std::string& text) {
  if (text == "trivial") return AugmentPolicy::kTrivial;
  return text == "rand" ? AugmentPolicy::kRand : AugmentPolicy::kNone;
}

// The option's own value, or the preset's.
std::string value_or(const Options& options, const std::string& key, const std::string& preset) {
  const std::string text = options.text(key);
  return text == "auto" ? preset : text;
}

// A run's configuration gives every option, so what is at its default asks for nothing.
void refuse_without(const Options& options, const std::string& key, bool present,
                    const std::string& what) {
  const bool asked = options.text(key) != options.table().find_key(key)->default_text;
  if (!asked || present) return;
  throw usage_error("{}: given without {}", options.where(key), what)
      .with_hint("give both, or leave it out");
}

}  // namespace

std::vector<OptionSpec> augmentation_options() {
  return {
      {.key = "data.augment",
       .flag = "--augment",
       .type = OptionType::kChoice,
       .default_text = "classic",
       .choices = {"classic", "none", "modern"},
       .help = "classic: random crop and mirror; none: the centre, as in validation; modern: "
               "crops of random size, mirror, TrivialAugment, random erasing. What follows "
               "changes it in parts.",
       .group = "Augmentation"},
      {.key = "augment.crop",
       .flag = "--crop",
       .type = OptionType::kChoice,
       .default_text = "auto",
       .choices = {"auto", "centre", "random", "resized"},
       .help = "centre; random: anywhere in the resized picture; resized: of random area and "
               "shape out of the whole picture; auto: as --augment says.",
       .group = "Augmentation"},
      {.key = "augment.least_area",
       .flag = "--least-area",
       .type = OptionType::kReal,
       .default_text = "0.08",
       .min = 1e-4,
       .max = 1,
       .help = "Least area of a crop of random size, as a share of the picture.",
       .group = "Augmentation"},
      {.key = "augment.mirror",
       .flag = "--mirror",
       .type = OptionType::kChoice,
       .default_text = "auto",
       .choices = {"auto", "on", "off"},
       .help = "Mirror every other picture, left to right; off where that changes what it shows "
               "(letters, hands).",
       .group = "Augmentation"},
      {.key = "augment.rand_interpolation",
       .flag = "--rand-interpolation",
       .type = OptionType::kBoolean,
       .default_text = "off",
       .help =
           "Resize each picture by one of nearest, linear, cubic, area and lanczos, drawn anew, "
           "so that the network learns none of them by heart.",
       .group = "Augmentation"},
      {.key = "augment.policy",
       .flag = "--policy",
       .type = OptionType::kChoice,
       .default_text = "auto",
       .choices = {"auto", "none", "trivial", "rand"},
       .help = "Operations drawn for each picture. trivial: one, of any strength "
               "(TrivialAugment); rand: some of the same strength (RandAugment).",
       .group = "Augmentation"},
      {.key = "augment.rand_operations",
       .flag = "--rand-operations",
       .type = OptionType::kInteger,
       .default_text = "2",
       .min = 1,
       .max = 14,
       .help = "Operations of RandAugment on each picture.",
       .group = "Augmentation"},
      {.key = "augment.rand_magnitude",
       .flag = "--rand-magnitude",
       .type = OptionType::kInteger,
       .default_text = "9",
       .min = 0,
       .max = 30,
       .help = "Their strength.",
       .group = "Augmentation"},
      amount("brightness", "--brightness", 1, "Most by which brightness is scaled: 1 +- this."),
      amount("contrast", "--contrast", 1, "Most by which contrast is scaled: 1 +- this."),
      amount("saturation", "--saturation", 1, "Most by which saturation is scaled: 1 +- this."),
      amount("hue", "--hue", 1, "Most by which hues are turned; 1 is half a turn."),
      amount("pca_noise", "--pca-noise", 10,
             "Deviation of the noise along the colours' principal components; 0.1 is usual."),
      amount("random_gray", "--random-gray", 1, "Share of the pictures that become grey."),
      {.key = "augment.erase",
       .flag = "--erase",
       .type = OptionType::kReal,
       .default_text = "auto",
       .min = 0,
       .max = 1,
       .choices = {"auto"},
       .help = "Share of the pictures of which a rectangle is filled with noise.",
       .group = "Augmentation"},
  };
}

std::vector<OptionSpec> mixing_options() {
  return {
      amount("mixup", "--mixup", 100,
             "Blend pictures in pairs, with their labels, by shares from Beta(this, this); 0: "
             "not."),
      amount("cutmix", "--cutmix", 100,
             "Exchange rectangles between pairs of pictures, with their labels; with --mixup, "
             "each pair gets one of the two."),
  };
}

std::vector<OptionSpec> picture_cache_options() {
  return {
      {.key = "data.picture_cache",
       .flag = "--picture-cache",
       .type = OptionType::kChoice,
       .default_text = "off",
       .choices = {"off", "ram", "disk"},
       .help = "Keep decoded and resized training pictures from epoch to epoch: in memory, or in a "
               "file that is gone when the training ends. The results are the same.",
       .group = "Data",
       .incidental = true},
      {.key = "data.picture_cache_size",
       .flag = "--picture-cache-size",
       .type = OptionType::kInteger,
       .default_text = "1024",
       .min = 1,
       .max = 1e9,
       .value_name = "MIB",
       .help = "Most that the cache takes, in MiB; what does not fit in is decoded every time.",
       .group = "Data",
       .incidental = true},
      {.key = "data.picture_cache_dir",
       .flag = "--picture-cache-dir",
       .value_name = "DIR",
       .help = "Folder of the cache's file; the system's for temporary files when not given.",
       .group = "Data",
       .incidental = true},
  };
}

PictureCacheOptions picture_cache_of(const Options& options) {
  const std::string kind = options.text("data.picture_cache");
  PictureCacheOptions cache;
  if (kind != "off") cache.kind = kind == "ram" ? PictureCacheKind::kRam : PictureCacheKind::kDisk;
  cache.most_bytes = static_cast<uint64_t>(options.integer("data.picture_cache_size")) << 20;
  cache.folder = options.text("data.picture_cache_dir");
  const bool disk = cache.kind == PictureCacheKind::kDisk;
  refuse_without(options, "data.picture_cache_size", cache.kind != PictureCacheKind::kOff,
                 "--picture-cache ram or disk");
  refuse_without(options, "data.picture_cache_dir", disk, "--picture-cache disk");
  return cache;
}

Augmentation augmentation_of(const Options& options) {
  const std::string preset = options.text("data.augment");
  const bool modern = preset == "modern";
  const std::string preset_crop = modern ? "resized" : preset == "none" ? "centre" : "random";
  Augmentation augmentation;
  augmentation.crop = crop_rule(value_or(options, "augment.crop", preset_crop));
  augmentation.least_area = options.real("augment.least_area");
  augmentation.random_mirror =
      value_or(options, "augment.mirror", preset == "none" ? "off" : "on") == "on";
  augmentation.random_interpolation = options.boolean("augment.rand_interpolation");
  augmentation.policy = policy_of(value_or(options, "augment.policy", modern ? "trivial" : "none"));
  augmentation.rand_operations = static_cast<int>(options.integer("augment.rand_operations"));
  augmentation.rand_magnitude = static_cast<int>(options.integer("augment.rand_magnitude"));
  augmentation.brightness = options.real("augment.brightness");
  augmentation.contrast = options.real("augment.contrast");
  augmentation.saturation = options.real("augment.saturation");
  augmentation.hue = options.real("augment.hue");
  augmentation.pca_noise = options.real("augment.pca_noise");
  augmentation.random_gray = options.real("augment.random_gray");
  constexpr double kModernErase = 0.1;
  if (options.text("augment.erase") != "auto") {
    augmentation.erase = options.real("augment.erase");
  } else if (modern) {
    augmentation.erase = kModernErase;
  }
  if (options.table().find_key("augment.mixup") != nullptr) {
    augmentation.mixup = options.real("augment.mixup");
    augmentation.cutmix = options.real("augment.cutmix");
  }
  const bool resized = augmentation.crop == CropRule::kRandomResized;
  refuse_without(options, "augment.least_area", resized, "--crop resized");
  const bool rand = augmentation.policy == AugmentPolicy::kRand;
  refuse_without(options, "augment.rand_operations", rand, "--policy rand");
  refuse_without(options, "augment.rand_magnitude", rand, "--policy rand");
  return augmentation;
}

}  // namespace orthrus
