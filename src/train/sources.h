// Where a training's pictures come from: the list of --data-train, or the [[source]] tables of a
// configuration.
#pragma once

#include <vector>

#include "base/options.h"
#include "data/pictures.h"
#include "data/sampler.h"
#include "model/label_binding.h"
#include "tasks/task.h"

namespace orthrus {

struct TrainSource {
  PictureFiles files;
  double share = 0;  // of an epoch's pictures, in any unit; 0: each picture once an epoch
};

// The keys of a [[source]] table.
[[nodiscard]] OptionTable source_section();

// Throws kUsage when there is neither a list nor a table, or both, or shares for some sources only.
[[nodiscard]] std::vector<TrainSource> sources_of(const Options& options);

// What is read before a training: its images, and how an epoch takes turns among their sources.
struct TrainPictures {
  SharedPictures pictures;
  std::vector<SourceTurns> turns;
  Binding binding;
};
// The images of all sources, with labels for the tasks, which take what the data say of them.
// Throws kInput as open_labelled() and join_pictures() do.
[[nodiscard]] TrainPictures open_sources(const std::vector<TrainSource>& sources,
                                         std::vector<Task>& tasks, const BindingOptions& options);

// Validation's images, with their labels where the training's are.
[[nodiscard]] SharedPictures open_validation(const PictureFiles& files, const ImageList& training,
                                             const std::vector<Task>& tasks,
                                             const BindingOptions& options, Binding& binding);

}  // namespace orthrus
