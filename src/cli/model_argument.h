// What evaluate, predict and soup have in common: the models that the command line names, ready to
// use, and what it runs on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/options.h"
#include "base/terminal.h"
#include "model/labelled_data.h"
#include "model/model.h"
#include "model/options.h"
#include "model/source.h"

namespace orthrus {

// The model of --model, or else of the first of `arguments`, which is taken off; tells on the
// terminal what report_image_size() does. Throws kUsage when neither is there, and what resolving
// and loading throw.
[[nodiscard]] Model model_argument(const Options& options, std::vector<std::string>& arguments,
                                   Terminal& terminal);

// Tells which size of images is taken for an MXNet checkpoint, which does not say, and why; nothing
// for other sources, and where --image-shape is given.
void report_image_size(const Options& options, const ModelSource& source, Terminal& terminal);

// The model of that name, of its newest epoch.
[[nodiscard]] Model named_model(const Options& options, const std::string& name);

// How pictures become the model's input: its own rule, or that of --pixels where it is given.
[[nodiscard]] Preprocessing preprocessing_argument(const Options& options, const Model& model);

// The images of --data-val with labels for the model's tasks, which take their positions; what was
// understood goes to the terminal. Of a data set that holds its own splits: the test part, or else
// the validation part. With `may_lack_columns` tasks whose columns the data do not have are left
// out; their numbers are returned in the binding.
[[nodiscard]] LabelledData labelled_argument(const Options& options, std::vector<Task>& tasks,
                                             bool may_lack_columns, Terminal& terminal);

// What --label-column and --decimal say, for commands without tasks.
[[nodiscard]] ColumnReading column_reading(const Options& options);

// Throws kUsage for a data set that holds its own splits, where one list or pack is made of all.
void refuse_splits(const PictureFiles& files);

// Warnings about the columns of open_all_columns(), and the class numbers that their texts got.
void report_columns(const LabelledData& data, Terminal& terminal);

// The backend that compute_options() ask for; what became of them is told.
[[nodiscard]] std::unique_ptr<Backend> backend_argument(const Options& options, Terminal& terminal);

// --tasks, which model_argument() reads.
[[nodiscard]] OptionSpec tasks_option();

// --json: standard output gets JSON in place of tables and lines. The same in every command.
[[nodiscard]] OptionSpec json_option();

}  // namespace orthrus
