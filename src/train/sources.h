// Where a training's pictures come from: the list of --data-train, or the [[source]] tables of a
// configuration.
#pragma once

#include <vector>

#include "base/options.h"
#include "data/pictures.h"
#include "data/sampler.h"
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

// What is read before a training: its pictures, and how an epoch takes turns among their sources.
struct TrainPictures {
  SharedPictures pictures;
  std::vector<SourceTurns> turns;
};
// Throws kInput as open_pictures() and join_pictures() do.
[[nodiscard]] TrainPictures open_sources(const std::vector<TrainSource>& sources,
                                         const std::vector<Task>& tasks);

// Validation's pictures. Where training has columns of the same names, they are put in its order.
[[nodiscard]] SharedPictures open_validation(const PictureFiles& files, const ImageList& training,
                                             const std::vector<Task>& tasks);

}  // namespace orthrus
