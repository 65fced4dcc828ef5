#include "model/options.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>
#include <string_view>

#include "base/error.h"
#include "base/file.h"

namespace orthrus {

OptionSpec image_shape_option() {
  return {.key = "model.image_shape",
          .flag = "--image-shape",
          .default_text = "3,224,224",
          .value_name = "C,H,W",
          .help =
              "Channels, height and width of the network's input; pictures are resized so that "
              "their shorter edge is the smaller of height and width. A .safetensors model says "
              "this itself.",
          .group = "Model"};
}

OptionSpec class_names_option() {
  return {.key = "model.classes",
          .flag = "--classes",
          .value_name = "FILE",
          .help = "Names of the classes, one on each line, from class 0 on.",
          .group = "Model"};
}

std::vector<OptionSpec> model_options(const std::string& default_epoch) {
  return {
      {.key = "model.source",
       .flag = "--model",
       .value_name = "MODEL",
       .help = "A .safetensors file (a model of Orthrus, or a ResNet from torchvision or timm), a "
               "run's folder, an MXNet prefix (PREFIX-symbol.json, PREFIX-0000.params), or a "
               "built-in network.",
       .group = "Model"},
      {.key = "model.epoch",
       .flag = "--epoch",
       .type = OptionType::kInteger,
       .default_text = default_epoch,
       .min = 0,
       .max = 9999,
       .help = default_epoch.empty() ? "Number of the checkpoint; the newest when not given."
                                     : "Number of the checkpoint that is loaded, and of the first "
                                       "epoch.",
       .group = "Model"},
      image_shape_option(),
      class_names_option(),
  };
}

Preprocessing preprocessing_of(const Options& options) {
  const std::string text = options.text("model.image_shape");
  std::vector<int64_t> sides;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    int64_t side = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), side);
    if (error != std::errc() || end != part.data() + part.size()) side = 0;
    sides.push_back(side);
  }
  constexpr int64_t kMostSide = 8192;
  const bool valid = sides.size() == 3 && sides[0] == 3 && sides[1] > 0 && sides[2] > 0 &&
                     std::max(sides[1], sides[2]) <= kMostSide;
  if (!valid) {
    throw usage_error(
        "{}: '{}' is not a picture shape, expected 3,HEIGHT,WIDTH with sides from 1 "
        "to {}",
        options.where("model.image_shape"), text, kMostSide);
  }
  Preprocessing preprocessing;
  preprocessing.height = sides[1];
  preprocessing.width = sides[2];
  preprocessing.resize = std::min(sides[1], sides[2]);
  return preprocessing;
}

Preprocessing preprocessing_of(const Options& options, const Preprocessing& own) {
  if (!options.given("model.image_shape")) return own;
  Preprocessing preprocessing = preprocessing_of(options);
  // The same shape means the model's own way of coming to it.
  if (preprocessing.height == own.height && preprocessing.width == own.width) return own;
  preprocessing.mean = own.mean;
  preprocessing.std = own.std;
  return preprocessing;
}

void check_against_model(const Options& options, const Model& model) {
  const Preprocessing& own = model.preprocessing;
  if (!(preprocessing_of(options, own) == own)) {
    throw usage_error("{}: {} was given, but the model '{}' takes {},{},{}",
                      options.where("model.image_shape"), options.text("model.image_shape"),
                      model.origin, own.channels, own.height, own.width)
        .with_hint("leave it out: the model file says which pictures it takes");
  }
  const std::vector<std::string> names = class_names_of(options);
  if (names.empty()) return;
  std::vector<std::string> named;  // tasks that say what their classes are called
  for (const Task& task : model.tasks) {
    if (task.class_names == names) return;
    if (task.class_names.size() == names.size()) named.push_back("'" + task.name + "'");
  }
  if (named.empty()) return;
  throw usage_error("{}: the names in '{}' are not those that the model '{}' has for its task {}",
                    options.where("model.classes"), options.text("model.classes"), model.origin,
                    fmt::join(named, ", "))
      .with_hint("leave it out: the model file has the names of its classes");
}

namespace {

// UTF-8 without zero bytes.
bool is_text(std::string_view text) {
  size_t following = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (following > 0) {
      if ((byte & 0xc0) != 0x80) return false;
      --following;
    } else if (byte >= 0x80) {
      if (byte < 0xc2 || byte > 0xf4) return false;
      following = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    } else if (byte == 0) {
      return false;
    }
  }
  return following == 0;
}

}  // namespace

std::vector<std::string> class_names_of(const Options& options) {
  std::vector<std::string> names;
  if (!options.has("model.classes")) return names;
  const std::string file = options.text("model.classes");
  std::string text = read_text(file);
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);  // a byte order mark
  text.erase(text.find_last_not_of(" \t\r\n") + 1);        // empty lines at the end
  if (text.empty()) throw input_error("'{}' names no class", file);
  if (!is_text(text)) {
    throw input_error("{}: '{}' is not a text file in UTF-8", options.where("model.classes"), file)
        .with_hint("a file with the name of a class on each line, from class 0 on");
  }
  std::istringstream lines(text);
  std::map<std::string, size_t> line_of;
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    const size_t number = names.size() + 1;
    if (line.find_first_not_of(" \t") == line.npos) {
      throw input_error("{}:{}: an empty line, where the name of class {} is expected", file,
                        number, number - 1);
    }
    const auto [earlier, is_new] = line_of.try_emplace(line, number);
    if (!is_new) {
      throw input_error("{}:{}: the class '{}' is in line {} too", file, number, line,
                        earlier->second);
    }
    names.push_back(line);
  }
  return names;
}

}  // namespace orthrus
