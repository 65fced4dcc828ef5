#include "cli/held_out.h"

#include <filesystem>

#include "base/file.h"
#include "base/progress.h"
#include "cli/list_evaluation.h"
#include "infer/options.h"
#include "model/labelled_data.h"
#include "model/model_file.h"

namespace orthrus {

void evaluate_held_out(const PictureFiles& files, const RunFolder& folder, const Options& options,
                       Backend& backend, const StopSignals& signals, Terminal& terminal, Log& log) {
  const std::filesystem::path path =
      std::filesystem::exists(folder.best()) ? folder.best() : folder.last();
  Model model = read_model(path);
  const LabelledData data =
      open_labelled(files, model.tasks, {.may_lack_columns = true, .settled = true});
  const LoaderOptions loading = loader_options(options);
  Loader loader(data.pictures, model.preprocessing, loading);
  Inference inference(model, loading.batch_size, backend);
  Progress progress(terminal, "evaluating the test part",
                    static_cast<int64_t>(data.pictures->list().entries.size()));
  ListEvaluation evaluation(model.tasks, data.binding.absent);
  for_each_batch(
      inference, model.tasks, loader, [&](const BatchAnswers& answers) { evaluation.add(answers); },
      [&](int64_t done) {
        progress.advance(done - progress.state().done);
        signals.throw_if_requested();
      });
  progress.finish();
  model.tasks = evaluation.tasks();
  const ModelReport report = evaluation.report();
  for (size_t task = 0; task < model.tasks.size(); ++task) {
    log.info("Test-accuracy-{}={:.6f} ({}, {} images of {})", model.tasks[task].name,
             report.tasks[task].accuracy, path.filename().string(), report.tasks[task].pictures,
             files.list.string());
  }
  write_file(folder.path() / "test.json", reports_json(model, report));
}

}  // namespace orthrus
