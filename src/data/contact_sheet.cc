#include "data/contact_sheet.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "data/letters.h"

namespace orthrus {

namespace {

constexpr int64_t kGap = 4;

// "red, 3, -": of each label column the class's name, or the number; "-" is missing.
std::string label_text(const ImageList& list, std::span<const float> labels) {
  std::string text;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (i > 0) text += ", ";
    const float label = labels[i];
    if (std::isnan(label)) {
      text += "-";
      continue;
    }
    const bool named = i < list.columns.size() && label >= 0 &&
                       label < static_cast<float>(list.columns[i].classes.size());
    text += named ? list.columns[i].classes[static_cast<size_t>(label)] : fmt::format("{}", label);
  }
  return text;
}

// Back from what the network gets to bytes, at (left, top) of the sheet.
void paste(std::span<const float> pixels, const Preprocessing& preprocessing, int64_t left,
           int64_t top, Image& sheet) {
  const int64_t plane = preprocessing.width * preprocessing.height;
  for (int64_t y = 0; y < preprocessing.height; ++y) {
    uint8_t* to = sheet.row(top + y) + 3 * left;
    for (int64_t x = 0; x < preprocessing.width; ++x, to += 3) {
      for (size_t c = 0; c < 3; ++c) {
        const auto at =
            static_cast<size_t>(static_cast<int64_t>(c) * plane + y * preprocessing.width + x);
        const float value = pixels[at] * preprocessing.std[c] + preprocessing.mean[c];
        to[c] = static_cast<uint8_t>(std::lround(std::clamp(value, 0.0F, 255.0F)));
      }
    }
  }
}

}  // namespace

Image contact_sheet(const SharedPictures& pictures, const Preprocessing& preprocessing,
                    LoaderOptions options, int count) {
  const auto entries = static_cast<int64_t>(pictures->list().entries.size());
  const auto shown = static_cast<int>(std::min<int64_t>(count, entries));
  options.batch_size = shown;
  options.on_bad_image = OnBadImage::kSkip;
  Loader loader(pictures, preprocessing, options);
  Batch batch;
  if (!loader.next(batch)) throw internal_error("an epoch without a batch");

  const auto columns = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(shown))));
  const int64_t rows = (shown + columns - 1) / columns;
  const int64_t cell_width = preprocessing.width + kGap;
  const int64_t cell_height = preprocessing.height + kLetterHeight + 2 * kGap;
  Image sheet;
  sheet.resize(columns * cell_width + kGap, rows * cell_height + kGap);
  std::memset(sheet.row(0), 0xFF, sheet.size_bytes());
  const auto values = static_cast<size_t>(3 * preprocessing.width * preprocessing.height);
  const auto letters = static_cast<size_t>(preprocessing.width / kLetterWidth);
  for (int64_t i = 0; i < shown; ++i) {
    const int64_t left = kGap + i % columns * cell_width, top = kGap + i / columns * cell_height;
    paste(batch.images.data().subspan(static_cast<size_t>(i) * values, values), preprocessing, left,
          top, sheet);
    const auto position = static_cast<size_t>(batch.positions[static_cast<size_t>(i)]);
    const std::string text =
        label_text(pictures->list(), pictures->list().entries[position].labels);
    draw_text(text.substr(0, letters), left, top + preprocessing.height + kGap, sheet);
  }
  return sheet;
}

}  // namespace orthrus
