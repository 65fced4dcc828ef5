#include "base/file_lock.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

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

// `orthrus runs` in a loop, while trainings begin.
TEST(FileLockTest, IsNotRefusedBecauseSomebodyAsksWhetherItIsHeld) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "lock";
  std::atomic<bool> stop = false;
  std::vector<std::thread> askers;
  for (int i = 0; i < 3; ++i) {
    askers.emplace_back([&] {
      while (!stop) (void)FileLock::is_held(path);
    });
  }
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    try {
      const FileLock lock(path);
      EXPECT_TRUE(FileLock::is_held(path));
    } catch (const Error&) {
      ++refused;
    }
  }
  stop = true;
  for (std::thread& asker : askers) asker.join();
  EXPECT_EQ(refused, 0);
}

// What is_held() has for a moment, held for as long as it takes the other one to begin.
TEST(FileLockTest, WaitsForTheMomentInWhichSomebodyAsks) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "lock";
  write_file(path, "");
  const int asker = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(asker, LOCK_SH | LOCK_NB), 0);
  std::thread ends([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ::close(asker);
  });
  EXPECT_NO_THROW(FileLock lock(path));
  ends.join();
}

TEST(FileLockTest, SaysWhyTheFileCannotBeMade) {
  const TemporaryFolder folder;
  EXPECT_THROW(FileLock(folder / "none" / "lock"), Error);
}

}  // namespace
}  // namespace orthrus
