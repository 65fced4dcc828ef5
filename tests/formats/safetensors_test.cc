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

TEST(Safetensors, RefusesWhatBreaksARule) {
  const auto tensor = [](const std::string& body) { return "{\"a\":{" + body + "}}"; };
  const std::vector<std::tuple<std::string, size_t, std::string>> cases = {
      {" {}", 0, "does not begin with '{'"},
      {"{", 0, "not JSON"},
      {"{\"a\":1}", 0, "tensor 'a': no object"},
      {"[]", 0, "does not begin"},
      {"{\"a\":{},\"a\":{}}", 0, "the key 'a' twice"},
      {"{\"__metadata__\":{\"k\":1}}", 0, "'k' of '__metadata__' is no text"},
      {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, "the key 'k' twice"},
      {tensor(R"("dtype":"F99","shape":[1],"data_offsets":[0,4])"), 4, "F99 is unknown"},
      {tensor(R"("dtype":"F32","shape":[-1],"data_offsets":[0,4])"), 4, "a dimension is no whole"},
      {tensor(R"("dtype":"F32","shape":[1.5],"data_offsets":[0,4])"), 4, "a dimension is no whole"},
      {tensor(R"("dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4])"), 4,
       "too large"},
      {tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,4])"), 4, "do not hold 8 bytes"},
      {tensor(R"("dtype":"F32","shape":[1],"data_offsets":[4,0])"), 4, "do not hold 4 bytes"},
      {tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0])"), 4, "two data_offsets"},
      {tensor(R"("dtype":"F32","shape":[1],"data_offsets":[4,8])"), 8, "a hole"},
      {tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])"), 8, "the file has 8 for them"},
      {tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1)"), 4, "expected dtype"},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},)"
       R"("b":{"dtype":"U8","shape":[3],"data_offsets":[2,5]}})",
       5, "an overlap"},
      {"{\"a\":[[[[[[1]]]]]]}", 0, "nested too deep"},
  };
  for (const auto& [header, data_bytes, reason] : cases) {
    EXPECT_THAT(safetensors_refusal(header, data_bytes), HasSubstr(reason)) << header;
  }
}

TEST(Safetensors, RefusesAFileThatIsCutOrLiesAboutItsHeader) {
  const std::vector<std::byte> whole =
      file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8);
  for (size_t size = 0; size < whole.size(); ++size) {
    error_of([&] { (void)parse_safetensors(std::span(whole).first(size), "f"); });
  }
  std::vector<std::byte> giant = whole;
  std::ranges::fill(std::span(giant).first(8), std::byte{0xff});
  EXPECT_THAT(error_of([&] { (void)parse_safetensors(giant, "f"); }).message(),
              HasSubstr("the header should have 18446744073709551615 bytes"));
}

}  // namespace
}  // namespace orthrus
