// `orthrus soup`: one model whose weights are the mean of several trainings'.
#include "train/soup.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/model_argument.h"
#include "infer/options.h"
#include "model/model_file.h"
#include "model/options.h"
#include "model/source.h"
#include "train/options.h"

namespace orthrus {

namespace {

std::vector<OptionSpec> soup_options() {
  return {
      {.key = "soup.out",
       .flag = "--out",
       .default_text = "soup.safetensors",
       .value_name = "FILE",
       .help = "Where the model goes.",
       .group = "Output"},
      {.key = "soup.uniform",
       .flag = "--uniform",
       .type = OptionType::kBoolean,
       .default_text = "off",
       .help = "Take every model, not only those with which the validation is no worse.",
       .group = "Model"},
  };
}

void print_soup(std::FILE* out, const Soup& soup, const std::vector<std::string>& names,
                const BestBy& best_by) {
  size_t width = std::string_view("model").size();
  for (const std::string& name : names) width = std::max(width, name.size());
  fmt::print(out, "{:<{}} {:>10} {:>10}\n", "model", width, best_by.text(), "in soup");
  for (const SoupIngredient& ingredient : soup.ingredients) {
    fmt::print(out, "{:<{}} {:>10.4f} {:>10.4f}  {}\n",
               names[static_cast<size_t>(ingredient.model)], width, ingredient.score,
               ingredient.mixed, ingredient.taken ? "taken" : "left out");
  }
}

ModelNotes notes_of(const Soup& soup, const std::vector<std::string>& names,
                    const BestBy& best_by) {
  std::vector<std::string> taken;
  for (const SoupIngredient& ingredient : soup.ingredients) {
    if (ingredient.taken) taken.push_back(names[static_cast<size_t>(ingredient.model)]);
  }
  return {{"soup_of", fmt::format("{}", fmt::join(taken, ", "))},
          {"validation_" + best_by.text(), fmt::format("{}", soup.score)}};
}

int run_soup(const Options& options, CommandContext& context) {
  const std::vector<std::string>& names = options.positionals();
  const BestBy best_by(options.text("train.best_by"), options.where("train.best_by"));
  if (!options.has("data.val")) (void)picture_files(options, "data.val", "data.image_val");
  const std::filesystem::path out = options.text("soup.out");
  if (out.has_parent_path()) make_directories(out.parent_path());
  check_writable(out);
  set_threads(thread_count(options));
  const auto load = [&](int number) {
    return named_model(options, names[static_cast<size_t>(number)]);
  };
  for (const std::string& name : names) {
    report_image_size(options, resolve_model(name, std::nullopt), context.terminal);
  }
  Model first = load(0);
  best_by.check(first.tasks, options.where("train.best_by"));
  const SharedPictures pictures =
      labelled_argument(options, first.tasks, false, context.terminal).pictures;
  const ImageList& list = pictures->list();

  const StopSignals signals(nullptr);
  const std::unique_ptr<Backend> backend = backend_argument(options, context.terminal);
  const LoaderOptions loading = loader_options(options);
  Loader loader(pictures, preprocessing_argument(options, first), loading);
  const auto pictures_in_all = static_cast<int64_t>(list.entries.size() * (2 * names.size() - 1));
  Progress progress(context.terminal, "tasting", pictures_in_all);
  int64_t before = 0;
  const auto after_batch = [&](int64_t done) {
    progress.advance(done > before ? done - before : done);
    before = done;
    signals.throw_if_requested();
  };
  const Soup soup = make_soup({.models = static_cast<int>(names.size()),
                               .first = first,
                               .load =
                                   [&](int number) {
                                     Model model = load(number);
                                     take_positions(first.tasks, model.tasks);
                                     return model;
                                   },
                               .validation = &loader,
                               .batch_size = loading.batch_size,
                               .best_by = best_by,
                               .uniform = options.boolean("soup.uniform")},
                              *backend, after_batch);
  progress.finish();
  for (const std::string& skipped : loader.skipped()) context.terminal.print_line(skipped);
  write_model(out, soup.model, notes_of(soup, names, best_by));
  print_soup(context.out, soup, names, best_by);
  fmt::print(context.out, "{} {:.4f}: {}\n", best_by.text(), soup.score, out.string());
  return 0;
}

}  // namespace

Command make_soup_command() {
  Command command = {
      .name = "soup",
      .summary = "Make one model of several trainings': the mean of their weights",
      .syntax = {.positionals = {{.name = "MODEL",
                                  .help = "Trainings that began at the same model: runs, or "
                                          "whatever --model takes elsewhere.",
                                  .required = true,
                                  .repeated = true}}},
      .examples = {"orthrus soup tune/trial-* --data-val val.lst --image-val images",
                   "orthrus soup runs/a runs/b runs/c --out best.safetensors --data-val val.csv"},
      .run = run_soup};
  command.options.add(soup_options());
  command.options.add(best_by_option());
  command.options.add(image_shape_option());
  command.options.add(class_names_option());
  command.options.add(tasks_option());
  command.options.add(inference_options("32"));
  return command;
}

}  // namespace orthrus
