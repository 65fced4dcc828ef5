#include "formats/safetensors/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/error_matcher.h"
#include "base/file.h"
#include "base/temporary_folder.h"

namespace orthrus {
namespace {

using ::testing::HasSubstr;

std::vector<std::byte> file_of(std::string_view header, size_t data_bytes) {
  const uint64_t length = header.size();
  std::vector<std::byte> bytes(8 + header.size() + data_bytes);
  std::memcpy(bytes.data(), &length, 8);
  std::memcpy(bytes.data() + 8, header.data(), header.size());
  return bytes;
}

std::string safetensors_refusal(std::string_view header, size_t data_bytes) {
  return error_of([&] { (void)parse_safetensors(file_of(header, data_bytes), "f"); }).message();
}

TEST(Safetensors, ComeBackAsTheyWent) {
  const TemporaryFolder folder;
  NamedTensors tensors;
  tensors["weight"] = Tensor::filled({2, 3}, 1.5F);
  tensors["scalar"] = Tensor::filled({}, -2.0F);
  tensors["none"] = Tensor::zeros({0, 4});
  tensors["bytes"] = Tensor::zeros({3}, DType::kU8);
  tensors["wide"] = Tensor::zeros({1}, DType::kF64);
  const std::map<std::string, std::string> metadata = {{"a", "text \"quoted\" \n"}, {"b", ""}};
  write_safetensors(folder / "x.safetensors", tensors, metadata);
  const SafetensorsFile back = read_safetensors(folder / "x.safetensors");
  EXPECT_EQ(back.metadata, metadata);
  ASSERT_EQ(back.tensors.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(back.tensors.at(name).shape(), tensor.shape()) << name;
    EXPECT_EQ(back.tensors.at(name).dtype(), tensor.dtype()) << name;
    EXPECT_TRUE(std::ranges::equal(back.tensors.at(name).bytes(), tensor.bytes())) << name;
  }
}

TEST(Safetensors, ReadsWhatTheOfficialPackageWrites) {
  // safetensors.numpy.save({"a": np.arange(2, dtype=np.float32)}, {"k": "v"}), version 0.4
  const std::string header =
      R"({"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}   )";
  const SafetensorsFile file = parse_safetensors(file_of(header, 8), "f");
  EXPECT_EQ(file.metadata.at("k"), "v");
  EXPECT_EQ(file.tensors.at("a").shape(), Shape({2}));
}

// One tensor 'a' whose description has this body.
std::string tensor_a(const std::string& body) {
  return "{\"a\":{" + body + "}}";
}

struct BrokenRule {
  const char* name;
  std::string header;
  size_t data_bytes;
  std::string reason;
};

class SafetensorsRule : public ::testing::TestWithParam<BrokenRule> {};

TEST_P(SafetensorsRule, IsKept) {
  const BrokenRule& broken = GetParam();
  EXPECT_THAT(safetensors_refusal(broken.header, broken.data_bytes), HasSubstr(broken.reason));
}

// The format's README, and the errors of its reference reader (SafeTensorError). Names of the cases
// say what the file does.
const std::vector<BrokenRule> kBrokenRules = {
    {"EmptyHeader", "", 0, "does not begin with '{'"},
    {"HeaderBeginsWithASpace", " {}", 0, "does not begin with '{'"},
    {"HeaderIsAList", "[]", 0, "does not begin with '{'"},
    {"HeaderIsCut", "{", 0, "the header: it is not JSON"},
    {"HeaderIsNotUtf8", "{\"\xff\":1}", 0, "not JSON"},
    {"HeaderGoesOnAfterItsObject", "{}{}", 0, "not JSON"},
    {"HeaderHidesTextBehindANulByte", std::string("{}\0 hidden", 10), 0, "a NUL byte"},
    {"HeaderIsPaddedWithNulBytes", std::string("{}\0\0", 4), 0, "a NUL byte"},
    {"HeaderIsDeep", "{\"a\":[[[[[[1]]]]]]}", 0, "nested too deep"},
    {"NameTwice", "{\"a\":{},\"a\":{}}", 0, "the key 'a' twice"},
    {"MetadataTwice", R"({"__metadata__":{},"__metadata__":{}})", 0, "'__metadata__' twice"},
    {"MetadataKeyTwice", R"({"__metadata__":{"k":"1","k":"2"}})", 0, "the key 'k' twice"},
    {"FieldTwice", tensor_a(R"("dtype":"U8","dtype":"F32","shape":[4],"data_offsets":[0,4])"), 4,
     "the key 'dtype' twice"},
    {"MetadataIsNoText", R"({"__metadata__":{"k":1}})", 0, "'k' of '__metadata__' is no text"},
    {"MetadataIsNoObject", R"({"__metadata__":[]})", 0, "'__metadata__' is no object"},
    {"TensorIsNoObject", R"({"a":1})", 0, "tensor 'a': no object"},
    {"FieldIsMissing", tensor_a(R"("dtype":"F32","shape":[1])"), 4, "expected dtype, shape and"},
    {"FieldTooMany", tensor_a(R"("dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1)"), 4,
     "expected dtype, shape and"},
    {"TypeIsUnknown", tensor_a(R"("dtype":"F99","shape":[1],"data_offsets":[0,4])"), 4,
     "F99 is unknown"},
    {"TypeIsLowerCase", tensor_a(R"("dtype":"f32","shape":[1],"data_offsets":[0,4])"), 4,
     "f32 is unknown"},
    {"TypeIsNoText", tensor_a(R"("dtype":4,"shape":[1],"data_offsets":[0,4])"), 4, "4 is unknown"},
    {"TypeOfAnotherSize", tensor_a(R"("dtype":"F64","shape":[1],"data_offsets":[0,4])"), 4,
     "do not hold 8 bytes"},
    {"DimensionIsNegative", tensor_a(R"("dtype":"F32","shape":[-1],"data_offsets":[0,4])"), 4,
     "a dimension is no whole"},
    {"DimensionIsAFraction", tensor_a(R"("dtype":"F32","shape":[1.5],"data_offsets":[0,4])"), 4,
     "a dimension is no whole"},
    {"DimensionIsAFloat", tensor_a(R"("dtype":"F32","shape":[1e0],"data_offsets":[0,4])"), 4,
     "a dimension is no whole"},
    {"DimensionIsBeyond64Bits",
     tensor_a(R"("dtype":"F32","shape":[18446744073709551617],"data_offsets":[0,4])"), 4,
     "a dimension is no whole"},
    {"DimensionIsBeyond63Bits",
     tensor_a(R"("dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,4])"), 4,
     "too large"},
    {"ShapeOverflows",
     tensor_a(R"("dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0])"), 0,
     "too large"},
    // The product of these three wraps around to 4.
    {"ShapeOverflowsToARightSize",
     tensor_a(R"("dtype":"F32","shape":[4194305,4194305,211106198978564],"data_offsets":[0,16])"),
     16, "too large"},
    {"ShapeTimesElementOverflows",
     tensor_a(R"("dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4])"), 4,
     "too large"},
    {"ShapeIsNoList", tensor_a(R"("dtype":"F32","shape":1,"data_offsets":[0,4])"), 4,
     "the shape is no list"},
    {"ShapeHasTooManyDimensions",
     tensor_a(R"("dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1])"), 1,
     "9 dimensions is not supported"},
    {"ShapeIsLargerThanItsOffsets", tensor_a(R"("dtype":"F32","shape":[2],"data_offsets":[0,4])"),
     4, "do not hold 8 bytes"},
    {"ShapeIsSmallerThanItsOffsets", tensor_a(R"("dtype":"F32","shape":[1],"data_offsets":[0,8])"),
     8, "do not hold 4 bytes"},
    {"OffsetsRunBackward", tensor_a(R"("dtype":"F32","shape":[1],"data_offsets":[4,0])"), 4,
     "do not hold 4 bytes"},
    {"OffsetIsMissing", tensor_a(R"("dtype":"F32","shape":[1],"data_offsets":[0])"), 4,
     "two data_offsets"},
    {"OffsetsAreThree", tensor_a(R"("dtype":"F32","shape":[1],"data_offsets":[0,4,8])"), 4,
     "two data_offsets"},
    {"OffsetIsNegative", tensor_a(R"("dtype":"F32","shape":[1],"data_offsets":[-4,0])"), 4,
     "an offset is no whole"},
    {"OffsetIsBehindTheFile", tensor_a(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])"), 3,
     "the tensors have 4 bytes, the file has 3"},
    {"DataBeginWithAHole", tensor_a(R"("dtype":"F32","shape":[1],"data_offsets":[4,8])"), 8,
     "a hole"},
    {"DataHaveAHole",
     R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
     R"("b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
     3, "'b' begins at byte 2 of the data, expected 1: a hole"},
    {"DataGoOnBehindTheLastTensor", tensor_a(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])"),
     5, "the tensors have 4 bytes, the file has 5"},
    {"DataWithoutATensor", "{}", 1, "the tensors have 0 bytes, the file has 1"},
    {"TensorsOverlap",
     R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},)"
     R"("b":{"dtype":"U8","shape":[3],"data_offsets":[2,5]}})",
     5, "'b' begins at byte 2 of the data, expected 3: an overlap"},
    {"TensorsShareTheirBytes",
     R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
     R"("b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
     4, "an overlap"},
    {"EmptyTensorWithinAnother",
     R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
     R"("b":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}})",
     4, "an overlap"},
    {"EmptyTensorBehindTheData", tensor_a(R"("dtype":"U8","shape":[0],"data_offsets":[9,9])"), 0,
     "a hole"},
};
INSTANTIATE_TEST_SUITE_P(Broken, SafetensorsRule, ::testing::ValuesIn(kBrokenRules),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Safetensors, TakesWhatTheRulesAllow) {
  const SafetensorsFile file = parse_safetensors(
      file_of("{\"b\":{\"data_offsets\":[4,4],\"shape\":[2,0],\"dtype\":\"F64\"},"
              "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},\"\":{\"dtype\":"
              "\"U8\",\"shape\":[1],\"data_offsets\":[4,5]}} \n\t  ",
              5),
      "f");
  EXPECT_EQ(file.tensors.at("a").shape(), Shape({}));
  EXPECT_EQ(file.tensors.at("b").shape(), Shape({2, 0}));
  EXPECT_EQ(file.tensors.at("").size_bytes(), 1U);
  EXPECT_TRUE(parse_safetensors(file_of("{}", 0), "f").tensors.empty());
}

// The data begin at an odd byte where a writer does not pad its header.
TEST(Safetensors, ReadsDataThatAreNotAligned) {
  std::vector<std::byte> bytes =
      file_of("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}} ", 4);
  const float value = 1.25F;
  std::memcpy(bytes.data() + bytes.size() - 4, &value, 4);
  ASSERT_NE((bytes.size() - 4) % 4, 0U);
  EXPECT_EQ(parse_safetensors(bytes, "f").tensors.at("a").data()[0], value);
}

TEST(Safetensors, RefusesAFileThatIsCutOrLiesAboutItsHeader) {
  const std::vector<std::byte> whole =
      file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8);
  for (size_t size = 0; size < whole.size(); ++size) {
    error_of([&] { (void)parse_safetensors(std::span(whole).first(size), "f"); });
  }
  const auto refusal_of_length = [&](uint64_t length) {
    std::vector<std::byte> bytes = whole;
    std::memcpy(bytes.data(), &length, 8);
    return error_of([&] { (void)parse_safetensors(bytes, "f"); }).message();
  };
  EXPECT_THAT(refusal_of_length(UINT64_MAX),
              HasSubstr("should have 18446744073709551615 bytes, at most 100000000 are allowed"));
  EXPECT_THAT(refusal_of_length(100'000'001), HasSubstr("at most 100000000 are allowed"));
  EXPECT_THAT(refusal_of_length(100'000'000), HasSubstr("the file has 70 in all"));
}

TEST(Safetensors, TellsTheHeaderWithoutTheData) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "x.safetensors";
  write_safetensors(path, {{"a", Tensor::filled({3}, 1)}, {"b", Tensor::zeros({2}, DType::kU8)}},
                    {{"k", "v"}});
  const SafetensorsHeader header = read_safetensors_header(path);
  EXPECT_EQ(header.metadata.at("k"), "v");
  EXPECT_EQ(header.tensors.at("a").shape, Shape({3}));
  EXPECT_EQ(header.tensors.at("b").type, DType::kU8);
  EXPECT_EQ(header.tensors.at("b").begin, 12U);

  std::vector<std::byte> bytes = read_file(path);
  EXPECT_TRUE(looks_like_safetensors(std::span(bytes).first(9)));
  EXPECT_FALSE(looks_like_safetensors(std::span(bytes).first(8)));
  bytes.push_back({});
  write_file(path, bytes);
  EXPECT_THAT(error_of([&] { (void)read_safetensors_header(path); }).message(),
              HasSubstr("the file has 15 for them"));
  error_of([&] { (void)read_safetensors_header(folder / "none"); });
}

TEST(Safetensors, WritesNothingThatBreaksARule) {
  const TemporaryFolder folder;
  const auto refusal = [&](const NamedTensors& tensors,
                           const std::map<std::string, std::string>& metadata) {
    return error_of([&] { write_safetensors(folder / "x", tensors, metadata); }).message();
  };
  const Tensor one = Tensor::zeros({1});
  EXPECT_THAT(refusal({{"__metadata__", one}}, {}), HasSubstr("name '__metadata__'"));
  EXPECT_THAT(refusal({{"\xff", one}}, {}), HasSubstr("not UTF-8"));
  EXPECT_THAT(refusal({}, {{"k", "\xff"}}), HasSubstr("not UTF-8"));
  EXPECT_THAT(refusal({}, {{"k", std::string(100'000'000, 'x')}}), HasSubstr("at most 100000000"));
  EXPECT_TRUE(folder.names().empty());
}

}  // namespace
}  // namespace orthrus
