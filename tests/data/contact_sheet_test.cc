#include "data/contact_sheet.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/encode_png.h"
#include "data/letters.h"
#include "data/sample_pictures.h"

namespace orthrus {
namespace {

int black_pixels(const Image& image, const Rectangle& part) {
  int count = 0;
  for (int64_t y = part.y; y < part.y + part.height; ++y) {
    for (int64_t x = part.x; x < part.x + part.width; ++x) {
      count += image.row(y)[3 * x] == 0 && image.row(y)[3 * x + 2] == 0 ? 1 : 0;
    }
  }
  return count;
}

TEST(ContactSheet, ShowsPicturesAsTheNetworkGetsThem) {
  const TemporaryFolder folder;
  ImageList list{.label_columns = 2, .columns = {{.name = "kind", .classes = {"cat", "dog"}}, {}}};
  for (int i = 0; i < 3; ++i) {
    const std::string name = std::to_string(i) + ".png";
    folder.write(name, make_png(48, 32, i));
    list.entries.push_back({.labels = {static_cast<float>(i % 2), NAN}, .path = name});
  }
  folder.write("1.png", std::string("broken"));
  const SharedPictures pictures = make_file_pictures(list, folder.path());
  const Preprocessing preprocessing{.height = 32, .width = 48, .resize = 0};
  const Image sheet = contact_sheet(pictures, preprocessing, {}, 9);
  EXPECT_EQ(sheet.width(), 2 * (48 + 4) + 4);
  EXPECT_EQ(sheet.height(), 2 * (32 + 8 + 8) + 4);
  const std::vector<uint8_t> first = sample_pixels(48, 32, 3, 0);
  for (int64_t y = 0; y < 32; ++y) {
    for (int64_t i = 0; i < 3 * 48; ++i) {
      ASSERT_EQ(sheet.row(4 + y)[3 * 4 + i], first[static_cast<size_t>(y * 3 * 48 + i)]);
    }
  }
  Image text;
  text.resize(48, 8);
  std::fill_n(text.row(0), text.size_bytes(), uint8_t{255});
  draw_text("cat, -", 0, 0, text);
  const int letters = black_pixels(text, {0, 0, 48, 8});
  EXPECT_GT(letters, 20);
  EXPECT_EQ(black_pixels(sheet, {4, 4 + 32 + 4, 48, 8}), letters);
}

TEST(DrawText, StaysInsideThePicture) {
  Image image;
  image.resize(10, 5);
  std::fill_n(image.row(0), image.size_bytes(), uint8_t{255});
  draw_text("WW\xFF", 1, 0, image);
  EXPECT_GT(black_pixels(image, {0, 0, 10, 5}), 5);
}

TEST(EncodePng, IsLossless) {
  Image image, again;
  image.resize(19, 7);
  std::ranges::copy(sample_pixels(19, 7, 3), image.row(0));
  decode_image(encode_png(image), {}, again);
  ASSERT_EQ(again.view().whole(), image.view().whole());
  EXPECT_TRUE(std::equal(again.row(0), again.row(0) + again.size_bytes(), image.row(0)));
}

}  // namespace
}  // namespace orthrus
