#include "data/resize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "data/sample_pictures.h"

namespace orthrus {
namespace {

Image sample_image(int width, int height, int variant = 0) {
  Image image;
  image.resize(width, height);
  std::ranges::copy(sample_pixels(width, height, 3, variant), image.row(0));
  return image;
}

// The recipe of data/resize.h, written down plainly, one pixel at a time.
class PlainCubic {
 public:
  PlainCubic(const Image& src, int64_t width, int64_t height)
      : src_(src), width_(width), height_(height) {}

  [[nodiscard]] int value(int64_t x, int64_t y, int channel) const {
    const Taps across = taps(src_.width(), width_, x);
    const Taps down = taps(src_.height(), height_, y);
    const bool in_integers =
        3 * x + channel >= 3 * width_ / 8 * 8;  // past the last vector of eight
    int64_t exact = 0;
    volatile float total = 0;  // volatile: every sum is rounded, none is fused with a product
    for (size_t j = 0; j < 4; ++j) {
      int sum = 0;
      for (size_t i = 0; i < 4; ++i) {
        sum += across.weight[i] * src_.row(down.at[j])[3 * across.at[i] + channel];
      }
      exact += int64_t{sum} * down.weight[j];
      volatile float product =
          static_cast<float>(sum) * (static_cast<float>(down.weight[j]) / 4194304.0F);
      total = total + product;
    }
    const int rounded = in_integers ? static_cast<int>((exact + (1 << 21)) >> 22)
                                    : static_cast<int>(std::nearbyint(total));
    return std::clamp(rounded, 0, 255);
  }

 private:
  struct Taps {
    std::array<int64_t, 4> at;
    std::array<int, 4> weight;
  };

  static Taps taps(int64_t in, int64_t out, int64_t d) {
    const double scale = 1 / (static_cast<double>(out) / static_cast<double>(in));
    const auto s = static_cast<float>((static_cast<double>(d) + 0.5) * scale - 0.5);
    const float t = s - std::floor(s);
    const float a = -0.75F;
    std::array<float, 4> w;
    w[0] = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a;
    w[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
    w[2] = ((a + 2) * (1 - t) - (a + 3)) * (1 - t) * (1 - t) + 1;
    w[3] = 1 - w[0] - w[1] - w[2];
    Taps result{};
    for (size_t i = 0; i < 4; ++i) {
      result.at[i] = std::clamp<int64_t>(
          static_cast<int64_t>(std::floor(s)) - 1 + static_cast<int64_t>(i), 0, in - 1);
      result.weight[i] = static_cast<int>(std::nearbyint(w[i] * 2048));
    }
    return result;
  }

  const Image& src_;
  int64_t width_;
  int64_t height_;
};

struct Sizes {
  int from_width, from_height;
  int64_t to_width, to_height;
};

class CubicResizerTest : public ::testing::TestWithParam<Sizes> {};

TEST_P(CubicResizerTest, EqualsThePlainRecipe) {
  const Sizes sizes = GetParam();
  const Image src = sample_image(sizes.from_width, sizes.from_height);
  const PlainCubic plain(src, sizes.to_width, sizes.to_height);
  CubicResizer resizer;
  Image dst;
  resizer.resize(src.view(), {sizes.to_width, sizes.to_height},
                 {0, 0, sizes.to_width, sizes.to_height}, dst);
  for (int64_t y = 0; y < sizes.to_height; ++y) {
    for (int64_t x = 0; x < sizes.to_width; ++x) {
      for (int c = 0; c < 3; ++c)
        ASSERT_EQ(dst.row(y)[3 * x + c], plain.value(x, y, c)) << x << "," << y;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, CubicResizerTest,
                         ::testing::Values(Sizes{50, 37, 43, 32}, Sizes{31, 47, 64, 97},
                                           Sizes{200, 3, 133, 2}, Sizes{1, 1, 5, 4},
                                           Sizes{1, 60, 3, 7}, Sizes{300, 200, 9, 6},
                                           Sizes{33, 33, 33, 33}));

// 19/32 of 24 + 24 is 28.5: half to even in the vectors of eight, up in the row's last 15 mod 8
// values.
TEST(CubicResizer, TheRestOfARowIsSummedInIntegers) {
  Image source;
  source.resize(10, 8);
  std::fill_n(source.row(0), source.size_bytes(), uint8_t{0});
  for (const int64_t y : {2, 3}) std::fill_n(source.row(y), 30, uint8_t{24});
  const Size out{5, 4};
  Image whole, part;
  CubicResizer resizer;
  resizer.resize(source.view(), out, {0, 0, 5, 4}, whole);
  for (int i = 0; i < 15; ++i) EXPECT_EQ(int{whole.row(1)[i]}, i < 8 ? 28 : 29) << i;
  // By the place in the whole row, also where a part is computed alone.
  for (int64_t x = 0; x < 5; ++x) {
    resizer.resize(source.view(), out, {x, 1, 1, 1}, part);
    EXPECT_TRUE(std::equal(part.row(0), part.row(0) + 3, whole.row(1) + 3 * x)) << x;
  }
}

TEST(CubicResizer, APartEqualsThatPartOfTheWhole) {
  const Image src = sample_image(90, 61, 3);
  CubicResizer resizer;
  Image whole, part;
  resizer.resize(src.view(), {70, 48}, {0, 0, 70, 48}, whole);
  for (const Rectangle& region :
       {Rectangle{0, 0, 1, 1}, {69, 47, 1, 1}, {11, 5, 32, 40}, {3, 9, 67, 2}}) {
    resizer.resize(src.view(), {70, 48}, region, part);
    for (int64_t y = 0; y < region.height; ++y) {
      ASSERT_TRUE(std::equal(part.row(y), part.row(y) + 3 * region.width,
                             whole.row(region.y + y) + 3 * region.x));
    }
  }
}

TEST(CubicResizer, TheNeededPartOfThePictureIsEnough) {
  const Image src = sample_image(90, 61, 3);
  const Size out{70, 48};
  CubicResizer resizer;
  Image expected, part;
  for (const Rectangle& region :
       {Rectangle{0, 0, 1, 1}, {69, 47, 1, 1}, {11, 5, 32, 40}, {3, 9, 67, 2}}) {
    const Rectangle needed = CubicResizer::needed_part(src.view().whole(), out, region);
    EXPECT_LT(needed.width * needed.height, 90 * 61);
    const ImagePart there{src.view().part(needed), {90, 61}, needed.x, needed.y};
    resizer.resize(src.view(), out, region, expected);
    resizer.resize(there, out, region, part);
    EXPECT_TRUE(std::equal(part.row(0), part.row(0) + part.size_bytes(), expected.row(0)));
    ImagePart too_small = there;
    --too_small.pixels.height;
    EXPECT_THROW(resizer.resize(too_small, out, region, part), Error);
  }
}

TEST(CubicResizer, TheSameSizeChangesNothing) {
  const Image src = sample_image(23, 19);
  CubicResizer resizer;
  Image dst;
  resizer.resize(src.view(), {23, 19}, {0, 0, 23, 19}, dst);
  EXPECT_TRUE(std::equal(dst.row(0), dst.row(0) + dst.size_bytes(), src.row(0)));
}

}  // namespace
}  // namespace orthrus
