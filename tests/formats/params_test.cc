#include "formats/mxnet/params.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "formats/testing.h"

namespace orthrus::mxnet {
namespace {

using testing::Bytes;
using ::testing::ElementsAre;
using testing::golden;

std::vector<std::string> names_of(const NamedTensors& arrays) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : arrays) names.push_back(name);
  return names;
}

void expect_equal(const NamedTensors& a, const NamedTensors& b) {
  ASSERT_EQ(names_of(a), names_of(b));
  for (const auto& [name, tensor] : a) {
    const Tensor& other = b.at(name);
    EXPECT_EQ(tensor.shape(), other.shape()) << name;
    ASSERT_EQ(tensor.dtype(), other.dtype()) << name;
    EXPECT_TRUE(std::ranges::equal(tensor.bytes(), other.bytes())) << name;
  }
}

TEST(Params, ReadsWhatMxnetWrote) {
  const NamedTensors arrays = read_params(golden("preact-0000.params"));
  const Tensor& weight = arrays.at("arg:conv0_weight");
  EXPECT_EQ(weight.shape(), Shape({8, 3, 7, 7}));
  EXPECT_EQ(weight.dtype(), DType::kF32);
  EXPECT_EQ(arrays.at("aux:bn_data_moving_var").shape(), Shape({3}));
  for (const auto& [name, tensor] : arrays) {
    for (const float value : tensor.data()) ASSERT_TRUE(std::isfinite(value)) << name;
  }
}

TEST(Params, OldEncodingsHoldTheSameArrays) {
  const NamedTensors newest = read_params(golden("preact-0000.params"));
  EXPECT_GT(newest.size(), 50u);
  expect_equal(newest, read_params(golden("preact-v1-0000.params")));
  expect_equal(newest, read_params(golden("preact-v0-0000.params")));
}

TEST(Params, HalfPrecisionWidensToTheSameArrays) {
  const NamedTensors single = read_params(golden("preact-0000.params"));
  const NamedTensors half = read_params(golden("preact-f16-0000.params"));
  ASSERT_EQ(names_of(single), names_of(half));
  for (const auto& [name, tensor] : half) {
    ASSERT_EQ(tensor.dtype(), DType::kF16) << name;
    const Tensor wide = tensor.to_f32();
    const std::span<const float> expected = single.at(name).data();
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(wide.data()[i], expected[i], 1e-7 + std::abs(expected[i]) / 2048) << name;
    }
  }
}

// MXNet keeps the order of insertion, a map sorts; so each array and each name is looked for, byte
// for byte, in the golden list.
TEST(Params, WritesTheBytesOfMxnet) {
  const TemporaryFolder folder;
  const std::vector<std::byte> original = read_file(golden("preact-0000.params"));
  constexpr size_t kHead = 24;
  for (const auto& [name, tensor] : parse_params(original, "golden")) {
    write_params(folder / "one", {{name, tensor}});
    const std::vector<std::byte> one = read_file(folder / "one");
    const size_t name_bytes = sizeof(uint64_t) + name.size();
    const std::span array(one.begin() + kHead, one.end() - 8 - static_cast<long>(name_bytes));
    const std::span stored_name(one.end() - static_cast<long>(name_bytes), one.end());
    EXPECT_EQ(array.size(),
              24 + 8 * static_cast<size_t>(tensor.shape().rank()) + tensor.size_bytes());
    EXPECT_FALSE(std::ranges::search(original, array).empty()) << name;
    EXPECT_FALSE(std::ranges::search(original, stored_name).empty()) << name;
  }
}

TEST(Params, RewritingKeepsSizeAndContent) {
  const TemporaryFolder folder;
  for (const char* name : {"preact-0000.params", "plain-0000.params", "v1-forward.params"}) {
    const NamedTensors arrays = read_params(golden(name));
    write_params(folder / "copy", arrays);
    EXPECT_EQ(read_file(folder / "copy").size(), read_file(golden(name)).size()) << name;
    expect_equal(arrays, read_params(folder / "copy"));
  }
}

TEST(Params, EveryElementTypeComesBack) {
  const TemporaryFolder folder;
  NamedTensors arrays;
  for (const DType type :
       {DType::kF32, DType::kF64, DType::kF16, DType::kBF16, DType::kU8, DType::kI8, DType::kI32,
        DType::kI64, DType::kBool, DType::kI16, DType::kU16, DType::kU32, DType::kU64}) {
    Tensor tensor({2, 3}, type);
    for (size_t i = 0; i < tensor.size_bytes(); ++i) tensor.bytes()[i] = static_cast<std::byte>(i);
    arrays.emplace(name_of(type), tensor);
  }
  write_params(folder / "types", arrays);
  expect_equal(arrays, read_params(folder / "types"));
}

TEST(Params, AnEmptyListIsAList) {
  const TemporaryFolder folder;
  write_params(folder / "none", {});
  EXPECT_EQ(read_file(folder / "none").size(), 32u);
  EXPECT_TRUE(read_params(folder / "none").empty());
}

TEST(Params, ScalarsOfTheNumpyEncodingAreRead) {
  const Bytes file = Bytes()
                         .add(uint64_t{0x112})
                         .add(uint64_t{0})
                         .add(uint64_t{1})
                         .add(uint32_t{0xf993faca})
                         .add(int32_t{0})
                         .add(int32_t{0})
                         .add(int64_t{1})
                         .add(int32_t{0})
                         .add(2.5f)
                         .add(uint64_t{1})
                         .name("scale");
  const NamedTensors arrays = parse_params(file.bytes(), "file");
  EXPECT_EQ(arrays.at("scale").shape().rank(), 0);
  EXPECT_THAT(arrays.at("scale").data(), ElementsAre(2.5f));
}

TEST(Params, RefusesToWriteWhatTheFormatCannotHold) {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& name, const Tensor& tensor) {
    return testing::refusal_of([&] { write_params(folder / "x", {{name, tensor}}); });
  };
  EXPECT_THAT(write("s", Tensor::zeros({})), ::testing::HasSubstr("array 's' has no dimensions"));
  EXPECT_THAT(write("", Tensor::zeros({1})), ::testing::HasSubstr("a name is empty"));
  EXPECT_FALSE(std::filesystem::exists(folder / "x"));
}

}  // namespace
}  // namespace orthrus::mxnet
