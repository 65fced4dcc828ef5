#include "infer/feature_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "formats/safetensors/safetensors.h"
#include "model/networks.h"

namespace orthrus {
namespace {

using ::testing::HasSubstr;
using testing::refusal_of;
using testing::TemporaryFolder;

void write_rows(const std::filesystem::path& path) {
  FeatureFile file(path, 4, 2);
  file.add(0, std::vector<float>{1, 2});
  file.add(2, std::vector<float>{3, 4});
  file.finish();
}

TEST(FeatureFile, IsReadAsSafetensors) {
  const TemporaryFolder folder;
  write_rows(folder.path() / "f.safetensors");
  const SafetensorsFile file = read_safetensors(folder.path() / "f.safetensors");
  const Tensor& features = file.tensors.at("features");
  EXPECT_EQ(features.shape(), Shape({4, 2}));
  EXPECT_EQ(features.data()[0], 1);
  EXPECT_EQ(features.data()[5], 4);
  for (const size_t missing : {2, 3, 6, 7}) EXPECT_TRUE(std::isnan(features.data()[missing]));
}

// The bytes of numpy.save, but for the data of the missing rows.
TEST(FeatureFile, IsWhatNumpySaves) {
  const TemporaryFolder folder;
  write_rows(folder.path() / "f.npy");
  const std::string text = read_text(folder.path() / "f.npy");
  const std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 2), }";
  ASSERT_EQ(text.size(), 128U + 4 * 2 * sizeof(float));
  EXPECT_EQ(text.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_EQ(text.substr(10, header.size()), header);
  EXPECT_EQ(text[127], '\n');
  float value = 0;
  std::memcpy(&value, text.data() + 128 + 5 * sizeof(float), sizeof value);
  EXPECT_EQ(value, 4);
}

TEST(FeatureFile, LeavesNothingBehindUnlessItIsFinished) {
  const TemporaryFolder folder;
  {
    FeatureFile file(folder.path() / "f.npy", 4, 2);
    file.add(0, std::vector<float>{1, 2});
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(FeatureFile, RefusesOtherEndings) {
  EXPECT_THAT(refusal_of([] { check_feature_path("f.csv"); }),
              HasSubstr("'f.csv' ends neither in .npy nor in .safetensors"));
}

}  // namespace
}  // namespace orthrus
