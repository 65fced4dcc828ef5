// Options that every command with a model has: which model, which pictures it takes, names of its
// classes.
#pragma once

#include <string>
#include <vector>

#include "base/options.h"
#include "data/preprocessing.h"
#include "model/model.h"

namespace orthrus {

// --model, --epoch, --image-shape, --classes. `default_epoch`: empty, or the number that stands for
// an epoch that is not given.
[[nodiscard]] std::vector<OptionSpec> model_options(const std::string& default_epoch);

// --image-shape alone, for commands that take no model from a file.
[[nodiscard]] OptionSpec image_shape_option();
// --classes alone.
[[nodiscard]] OptionSpec class_names_option();

// The validation preprocessing for --image-shape; the shorter edge of a picture is resized to the
// shape's shorter side. Throws kUsage for a shape that is not 3,HEIGHT,WIDTH.
[[nodiscard]] Preprocessing preprocessing_of(const Options& options);

// The same for a model that says how its pictures are prepared: as it says, but of the shape that
// --image-shape gives where it was given.
[[nodiscard]] Preprocessing preprocessing_of(const Options& options, const Preprocessing& own);

// Throws kUsage when --image-shape or --classes was given and contradicts what the model file says.
void check_against_model(const Options& options, const Model& model);

// One name on each line of the --classes file; empty when it is not given. Empty lines at the end
// do not count. Throws kInput, with file and line, for one in between and for a name that repeats.
[[nodiscard]] std::vector<std::string> class_names_of(const Options& options);

}  // namespace orthrus
