#include "train/event_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/file.h"
#include "train/training.h"

namespace orthrus {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TemporaryFolder;

// RFC 3720, B.4.
TEST(Crc32c, HasTheValuesOfTheStandard) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43U);
  std::string ascending;
  for (char c = 0; c < 32; ++c) ascending += c;
  EXPECT_EQ(crc32c(ascending), 0x46DD794EU);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
}

TEST(EventFile, IsARowOfRecordsWithTheirLengths) {
  const TemporaryFolder folder;
  std::filesystem::path path;
  {
    EventFile file(folder.path(), 0);
    file.add_scalar("loss", 3, 0.5);
    path = file.path();
  }
  EXPECT_THAT(path.filename().string(), ::testing::StartsWith("events.out.tfevents."));
  const std::string bytes = read_text(path);
  std::vector<std::string> records;
  for (size_t at = 0; at < bytes.size();) {
    uint64_t length = 0;
    std::memcpy(&length, bytes.data() + at, sizeof(length));
    ASSERT_LE(at + 16 + length, bytes.size());
    records.push_back(bytes.substr(at + 12, length));
    at += 16 + length;
  }
  ASSERT_EQ(records.size(), 2U);
  EXPECT_THAT(records[0], HasSubstr("brain.Event:2"));
  // step 3; summary { value { tag: "loss" simple_value: 0.5 } }
  const std::string scalar("\x10\x03\x2a\x0d\x0a\x0b\x0a\x04loss\x15\x00\x00\x00\x3f", 17);
  EXPECT_THAT(records[1], HasSubstr(scalar));
}

// TensorBoard reads the files of a folder in the order of their names.
TEST(EventFile, ComesBehindTheOthersAlsoWhenTheClockWentBackward) {
  const TemporaryFolder folder;
  const std::filesystem::path older = folder.path() / "events.out.tfevents.8000000000.host.1";
  write_file(older, "");
  write_file(folder.path() / "events.out.tfevents.", "not ours");
  const EventFile file(folder.path(), 0);
  EXPECT_THAT(file.path().filename().string(),
              ::testing::StartsWith("events.out.tfevents.8000000001."));
  EXPECT_LT(older, file.path());
}

TEST(EventFile, OfAResumedTrainingVoidsWhatComesAgain) {
  const TemporaryFolder folder;
  std::filesystem::path path;
  {
    const EventFile file(folder.path(), 7);
    path = file.path();
  }
  // step 7; session_log { status: START }
  EXPECT_THAT(read_text(path), HasSubstr(std::string("\x10\x07\x3a\x02\x08\x01", 6)));
}

}  // namespace
}  // namespace orthrus
