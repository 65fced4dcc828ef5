#include "cli/model_argument.h"

#include <optional>

#include "base/error.h"
#include "model/source.h"

namespace orthrus {

Model model_argument(const Options& options, std::vector<std::string>& arguments) {
  std::string text = options.text("model.source");
  if (text.empty()) {
    if (arguments.empty()) {
      throw usage_error("no model is given").with_hint("name it first, or with --model");
    }
    text = arguments.front();
    arguments.erase(arguments.begin());
  }
  std::optional<int> epoch;
  if (options.has("model.epoch")) epoch = static_cast<int>(options.integer("model.epoch"));
  const ModelSource source = resolve_model(text, epoch);
  if (source.kind == ModelSource::Kind::kBuiltin) {
    throw usage_error("'{}' is a built-in network without learned values", text)
        .with_hint("name a checkpoint that orthrus train has written");
  }
  const Preprocessing preprocessing = preprocessing_of(options);
  LoadedNetwork network = load_network(source, 0, preprocessing, 0);
  Model model = assemble_model(std::move(network.graph), network.parameters, preprocessing,
                               source.to_string());
  const std::vector<std::string> names = class_names_of(options);
  if (!names.empty()) name_classes(model.tasks, names);
  return model;
}

OptionSpec json_option() {
  return {.key = "json",
          .flag = "--json",
          .type = OptionType::kBoolean,
          .default_text = "off",
          .help = "Print the result as JSON.",
          .group = "Output"};
}

}  // namespace orthrus
