#include "model/preprocessing_json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "base/error.h"
#include "formats/json_fields.h"

namespace orthrus {
namespace {

constexpr int64_t kMostEdge = 65536;
constexpr const char* kMxnetPixels = "mxnet";
constexpr const char* kModernPixels = "modern";
constexpr int kDeepestPreprocessing = 2;  // {"mean": [number]}

OrderedJson numbers_to_json(const std::array<float, 3>& values) {
  OrderedJson list = OrderedJson::array();
  for (const float value : values) list.push_back(shortest_number(value));
  return list;
}

std::array<float, 3> numbers_from_json(JsonFields& fields, const std::string& key) {
  const std::vector<double> numbers = fields.numbers(key, 3);
  std::array<float, 3> values{};
  std::ranges::transform(numbers, values.begin(), [&](double number) {
    const auto value = static_cast<float>(number);
    if (!std::isfinite(value)) throw input_error("'{}' holds {}, which is too large", key, number);
    return value;
  });
  return values;
}

}  // namespace

std::string preprocessing_to_json(const Preprocessing& preprocessing) {
  OrderedJson json = {{"channels", preprocessing.channels},
                      {"height", preprocessing.height},
                      {"width", preprocessing.width},
                      {"resize", preprocessing.resize},
                      {"mean", numbers_to_json(preprocessing.mean)},
                      {"std", numbers_to_json(preprocessing.std)}};
  // Files from before there was a choice have none: MXNet's rules.
  if (preprocessing.pixels == PixelRule::kModern) json["pixels"] = kModernPixels;
  if (preprocessing.interpolation != Interpolation::kCubic) {
    json["interpolation"] =
        std::string(kInterpolationNames.at(static_cast<size_t>(preprocessing.interpolation)));
  }
  return json.dump();
}

Preprocessing preprocessing_from_json(std::string_view text) {
  const OrderedJson json = parse_json(text, kDeepestPreprocessing);
  JsonFields fields(json);
  Preprocessing preprocessing;
  preprocessing.channels = fields.integer("channels", 3, 3);
  preprocessing.height = fields.integer("height", 1, kMostEdge);
  preprocessing.width = fields.integer("width", 1, kMostEdge);
  preprocessing.resize = fields.integer("resize", 0, kMostEdge);
  preprocessing.mean = numbers_from_json(fields, "mean");
  preprocessing.std = numbers_from_json(fields, "std");
  const std::string pixels = fields.text("pixels", kMxnetPixels);
  if (pixels != kMxnetPixels && pixels != kModernPixels) {
    throw input_error("'pixels' is '{}', expected {} or {}", pixels, kMxnetPixels, kModernPixels);
  }
  preprocessing.pixels = pixels == kModernPixels ? PixelRule::kModern : PixelRule::kMxnet;
  const std::string interpolation =
      fields.text("interpolation", std::string(kInterpolationNames.front()));
  const auto* const named = std::ranges::find(kInterpolationNames, interpolation);
  if (named == kInterpolationNames.end()) {
    throw input_error("'interpolation' is '{}', expected one of {}", interpolation,
                      fmt::join(kInterpolationNames, ", "));
  }
  preprocessing.interpolation = static_cast<Interpolation>(named - kInterpolationNames.begin());
  fields.finish();
  if (std::ranges::count(preprocessing.std, 0.0F) > 0) throw input_error("'std' holds a zero");
  return preprocessing;
}

}  // namespace orthrus
