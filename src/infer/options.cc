#include "infer/options.h"

#include "base/error.h"
#include "base/threads.h"

namespace orthrus {

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

std::vector<OptionSpec> inference_options(const std::string& default_batch_size) {
  return {
      {.key = "data.val",
       .flag = "--data-val",
       .value_name = "LIST",
       .help = "List of the validation pictures: index, labels, path; separated by tabs.",
       .group = "Data"},
      {.key = "data.image_val",
       .flag = "--image-val",
       .value_name = "DIR",
       .help = "Folder of the validation pictures; the list's own when not given.",
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
      threads_option(),
  };
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
  return files;
}

LoaderOptions loader_options(const Options& options) {
  LoaderOptions loader;
  loader.batch_size = static_cast<int>(options.integer("data.batch_size"));
  loader.on_bad_image =
      options.text("data.on_bad_image") == "skip" ? OnBadImage::kSkip : OnBadImage::kFail;
  return loader;
}

int thread_count(const Options& options) {
  if (options.text("threads") == "auto") return usable_cores();
  return static_cast<int>(options.integer("threads"));
}

}  // namespace orthrus
