#include "tensor/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/error.h"

namespace orthrus {

namespace {

TEST(Shape, CountsAndPrints) {
  const Shape shape = {16, 3, 224, 224};
  EXPECT_EQ(shape.elements(), 16 * 3 * 224 * 224);
  EXPECT_EQ(shape.elements(2), 224 * 224);
  EXPECT_EQ(shape.to_string(), "(16,3,224,224)");
  EXPECT_EQ(Shape{}.elements(), 1);
  EXPECT_EQ((Shape{4, 0, 7}).elements(), 0);
}

TEST(Shape, ComparesDimensionsAndRank) {
  EXPECT_EQ((Shape{2, 3}), (Shape{2, 3}));
  EXPECT_NE((Shape{2, 3}), (Shape{2, 3, 1}));
  EXPECT_NE((Shape{2, 0}), (Shape{2}));
}

TEST(Shape, RefusesWhatNoFileShouldClaim) {
  const std::vector<int64_t> negative = {2, -1};
  EXPECT_THROW(Shape{std::span<const int64_t>(negative)}, Error);
  const std::vector<int64_t> deep(9, 1);
  EXPECT_THROW(Shape{std::span<const int64_t>(deep)}, Error);
  EXPECT_THROW((void)(Shape{int64_t{1} << 32, int64_t{1} << 32}).elements(), Error);
}

TEST(CheckedMultiply, ThrowsWhereTheProductOverflows) {
  EXPECT_EQ(checked_multiply(size_t{1} << 31, 2), size_t{1} << 32);
  EXPECT_EQ(checked_multiply(0, std::numeric_limits<size_t>::max()), 0u);
  EXPECT_THROW((void)checked_multiply(size_t{1} << 32, size_t{1} << 32), Error);
}

TEST(Tensor, IsAlignedAndSharedUntilCloned) {
  Tensor tensor = Tensor::filled({2, 3}, 4.5f);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.bytes().data()) % 64, 0u);
  EXPECT_EQ(tensor.size_bytes(), 24u);
  Tensor shared = tensor.reshaped({6});
  Tensor copy = tensor.clone();
  tensor.data()[5] = 1;
  EXPECT_EQ(shared.data()[5], 1);
  EXPECT_EQ(copy.data()[5], 4.5f);
  EXPECT_EQ(copy.shape(), (Shape{2, 3}));
}

TEST(Tensor, RefusesAnotherWidthOrAnotherNumberOfElements) {
  Tensor tensor = Tensor::zeros({2, 3});
  EXPECT_THROW((void)tensor.data<double>(), Error);
  EXPECT_THROW((void)tensor.reshaped({7}), Error);
}

TEST(Tensor, IsEmptyOnlyWithoutABuffer) {
  EXPECT_TRUE(Tensor().empty());
  EXPECT_FALSE(Tensor::zeros({1}).empty());
}

TEST(Tensor, WidensAndNarrowsToFloat32) {
  Tensor doubles({3}, DType::kF64);
  std::ranges::copy(std::vector<double>{1.5, -2.25, 1e-3}, doubles.data<double>().begin());
  const Tensor narrowed = doubles.to_f32();
  EXPECT_EQ(narrowed.dtype(), DType::kF32);
  EXPECT_EQ(narrowed.data()[1], -2.25f);
  EXPECT_EQ(narrowed.data()[2], 1e-3f);

  Tensor halves({2}, DType::kF16);
  halves.data<uint16_t>()[0] = 0x3C00;
  halves.data<uint16_t>()[1] = 0xC100;
  EXPECT_EQ(halves.to_f32().data()[0], 1.0f);
  EXPECT_EQ(halves.to_f32().data()[1], -2.5f);
}

TEST(DType, WidensHalvesExactly) {
  EXPECT_EQ(f16_to_f32(0x0000), 0.0f);
  EXPECT_TRUE(std::signbit(f16_to_f32(0x8000)));
  EXPECT_EQ(f16_to_f32(0x0001), std::ldexp(1.0f, -24));     // smallest subnormal
  EXPECT_EQ(f16_to_f32(0x03FF), std::ldexp(1023.0f, -24));  // largest subnormal
  EXPECT_EQ(f16_to_f32(0x0400), std::ldexp(1.0f, -14));     // smallest normal
  EXPECT_EQ(f16_to_f32(0x7BFF), 65504.0f);
  EXPECT_EQ(f16_to_f32(0xFC00), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(f16_to_f32(0x7E00)));
}

TEST(DType, WidensBfloat16Exactly) {
  EXPECT_EQ(bf16_to_f32(0x3F80), 1.0f);
  EXPECT_EQ(bf16_to_f32(0xC040), -3.0f);
  EXPECT_TRUE(std::isnan(bf16_to_f32(0x7FC0)));
}

TEST(DType, KnowsWidthsAndNames) {
  EXPECT_EQ(size_of(DType::kF64), 8u);
  EXPECT_EQ(size_of(DType::kF32), 4u);
  EXPECT_EQ(size_of(DType::kBF16), 2u);
  EXPECT_EQ(size_of(DType::kBool), 1u);
  EXPECT_EQ(name_of(DType::kF32), "f32");
  EXPECT_EQ(name_of(DType::kBF16), "bf16");
}

}  // namespace

}  // namespace orthrus
