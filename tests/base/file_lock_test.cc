#include "base/file_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/temporary_folder.h"

namespace orthrus {
namespace {

using ::testing::HasSubstr;

TEST(FileLockTest, IsRefusedToASecondHolderWithTheNameOfTheFirst) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "lock";
  EXPECT_FALSE(FileLock::is_held(path));
  {
    const FileLock lock(path);
    EXPECT_EQ(lock.former_owner(), "");
    EXPECT_TRUE(FileLock::is_held(path));
    try {
      const FileLock second(path);
      FAIL() << "two holders";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kResource);
      EXPECT_THAT(error.message(), HasSubstr(fmt::format("in use by process {}", ::getpid())));
    }
    EXPECT_TRUE(FileLock::is_held(path)) << "the refused one must not let go of it";
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(FileLockTest, OfAKilledProcessIsTakenOver) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "lock";
  const pid_t child = ::fork();
  if (child == 0) {
    const FileLock lock(path);
    ::_exit(0);  // as a kill: no destructor runs
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_FALSE(FileLock::is_held(path));
  const FileLock lock(path);
  EXPECT_THAT(lock.former_owner(), HasSubstr(fmt::format("process {}", child)));
}

TEST(FileLockTest, SaysWhyTheFileCannotBeMade) {
  const TemporaryFolder folder;
  EXPECT_THROW(FileLock(folder / "none" / "lock"), Error);
}

}  // namespace
}  // namespace orthrus
