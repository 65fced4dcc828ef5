#include "base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <initializer_list>
#include <thread>
#include <vector>

#include "base/error_matcher.h"
#include "base/temporary_folder.h"

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string big_text(char letter) {
  return std::string(100'000, letter);
}

TEST(File, WhereNothingCanBeWrittenIsFoundBeforehand) {
  const TemporaryFolder folder;
  write_file(folder / "file", "x");
  check_writable(folder / "file");
  check_writable(folder / "new");
  check_writable_folder(folder / "a" / "b");
  check_writable_folder(folder / "");
  check_writable_folder("not-there");
  EXPECT_THAT(folder.names(), ElementsAre("file"));
  EXPECT_EQ(read_text(folder / "file"), "x");
  for (const auto& fails : std::initializer_list<std::function<void()>>{
           [&] { check_writable(folder / "a" / "new"); }, [&] { check_writable(folder / ""); },
           [&] { check_writable_folder(folder / "file"); },
           [&] { check_writable_folder(folder / "file" / "deeper"); },
           [] { check_writable_folder("/proc/orthrus/out"); }}) {
    EXPECT_EQ(error_of(fails).kind(), ErrorKind::kResource);
  }
  EXPECT_THAT(error_of([&] { check_writable_folder(folder / "file" / "deeper"); }).message(),
              HasSubstr("is not a folder"));
}

TEST(File, ReadsBackWhatWasWritten) {
  const TemporaryFolder folder;
  write_file(folder / "a", big_text('x'));
  EXPECT_EQ(read_text(folder / "a"), big_text('x'));
  EXPECT_EQ(read_file(folder / "a").size(), 100'000U);
  EXPECT_EQ(read_prefix(folder / "a", 5).size(), 5U);
  EXPECT_EQ(read_prefix(folder / "a", 200'000).size(), 100'000U);
  write_file(folder / "empty", "");
  EXPECT_EQ(read_text(folder / "empty"), "");
  EXPECT_THAT(folder.names(), ElementsAre("a", "empty"));
}

TEST(File, ReadsFilesThatStateNoSize) {
  EXPECT_THAT(read_text("/proc/self/status"), HasSubstr("Pid:"));
}

TEST(File, SaysWhatCannotBeRead) {
  const TemporaryFolder folder;
  const Error missing = error_of([&] { (void)read_file(folder / "none"); });
  EXPECT_EQ(missing.kind(), ErrorKind::kInput);
  EXPECT_EQ(missing.message(),
            "cannot read '" + (folder / "none").string() + "': No such file or directory");
  EXPECT_THAT(error_of([&] { (void)read_text(folder.path()); }).message(),
              HasSubstr("Is a directory"));
}

TEST(File, SaysWhatCannotBeWritten) {
  const TemporaryFolder folder;
  const Error error = error_of([&] { write_file(folder / "no" / "file", "x"); });
  EXPECT_EQ(error.kind(), ErrorKind::kResource);
  EXPECT_THAT(error.hint(), HasSubstr("create the folder"));
}

TEST(File, LeavesDevicesAlone) {
  EXPECT_THAT(error_of([] { write_file("/dev/null", "x"); }).message(),
              HasSubstr("not a regular file"));
}

TEST(File, WithoutCommitTheTargetStays) {
  const TemporaryFolder folder;
  write_file(folder / "a", "old");
  {
    AtomicFile file(folder / "a");
    file.write("new");
  }
  EXPECT_EQ(read_text(folder / "a"), "old");
  EXPECT_THAT(folder.names(), ElementsAre("a"));
}

std::string temporary_name(const std::string& target) {
  return target + ".tmp-" + std::to_string(::getpid());
}

// As two containers with equal process numbers, or two threads, that share a folder.
TEST(File, TwoWritersOfOneTargetHaveFilesOfTheirOwn) {
  const TemporaryFolder folder;
  AtomicFile first(folder / "a");
  first.write(big_text('x'));
  {
    AtomicFile second(folder / "a");
    EXPECT_THAT(folder.names(), ElementsAre(temporary_name("a"), temporary_name("a") + "-1"));
    second.write("short");
    second.commit();
  }
  EXPECT_EQ(read_text(folder / "a"), "short");
  first.write("end");
  first.commit();
  EXPECT_EQ(read_text(folder / "a"), big_text('x') + "end");
  EXPECT_THAT(folder.names(), ElementsAre("a"));
}

TEST(File, ThreadsWriteOneTargetWithoutMixingTheirBytes) {
  const TemporaryFolder folder;
  std::vector<std::thread> writers;
  for (const char letter : {'a', 'b', 'c', 'd'}) {
    writers.emplace_back([&folder, letter] {
      for (int i = 0; i < 20; ++i) write_file(folder / "target", big_text(letter));
    });
  }
  for (std::thread& writer : writers) writer.join();
  const std::string text = read_text(folder / "target");
  EXPECT_EQ(text, big_text(text.front()));
  EXPECT_THAT(folder.names(), ElementsAre("target"));
}

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 0777U;
}

TEST(File, KeepsTheModeOfTheFileThatItReplaces) {
  const TemporaryFolder folder;
  const mode_t before = ::umask(022);
  write_file(folder / "new", "");
  EXPECT_EQ(mode_of(folder / "new"), 0644U);
  for (const mode_t mode : {0600U, 0640U, 0444U, 0666U, 0755U}) {
    ASSERT_EQ(::chmod((folder / "new").c_str(), mode), 0);
    write_file(folder / "new", "again");
    EXPECT_EQ(mode_of(folder / "new"), mode);
  }
  ::umask(before);
}

TEST(File, ReplacesWhatASymbolicLinkLeadsTo) {
  const TemporaryFolder folder;
  make_directories(folder / "disk");
  write_file(folder / "disk" / "model", "old");
  std::filesystem::create_symlink("disk/model", folder / "link");
  std::filesystem::create_symlink("link", folder / "second");
  write_file(folder / "second", "new");
  EXPECT_EQ(read_text(folder / "disk" / "model"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "second"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  // A link to a file that is to come, and one in a circle.
  std::filesystem::create_symlink(folder / "disk" / "later", folder / "early");
  write_file(folder / "early", "there");
  EXPECT_EQ(read_text(folder / "disk" / "later"), "there");
  std::filesystem::create_symlink("circle", folder / "circle");
  EXPECT_THAT(error_of([&] { write_file(folder / "circle", "x"); }).message(),
              HasSubstr("Too many levels of symbolic links"));
  name_file_too(folder / "disk" / "later", folder / "link");
  EXPECT_EQ(read_text(folder / "disk" / "model"), "there");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
}

TEST(File, GivesAFileAnotherNameAndLeavesOthersFilesAlone) {
  const TemporaryFolder folder;
  write_file(folder / "last", "new");
  write_file(folder / "best", "old");
  write_file(folder / temporary_name("best"), "of another writer");
  for (int i = 0; i < 2; ++i) {  // the second time it has that name already
    name_file_too(folder / "last", folder / "best");
    EXPECT_EQ(read_text(folder / "best"), "new");
    EXPECT_THAT(folder.names(), ElementsAre("best", temporary_name("best"), "last"));
  }
  EXPECT_EQ(read_text(folder / temporary_name("best")), "of another writer");
}

TEST(File, KnowsItsTemporaryNames) {
  for (const char* name : {"a.b.tmp-1", "a.b.tmp-4711-2"}) {
    EXPECT_TRUE(is_temporary_of(name, "a.b")) << name;
  }
  for (const char* name : {"a.b", "a.b.tmp-", "a.b.tmp-x", "a.b.tmp-1-", "a.b.tmp-1-x",
                           "a.b.tmp-1x", "a.b.tmp-1-2-3", "xa.b.tmp-1", "a.c.tmp-1"}) {
    EXPECT_FALSE(is_temporary_of(name, "a.b")) << name;
  }
}

TEST(File, MakesDirectoriesOrSaysWhyNot) {
  const TemporaryFolder folder;
  make_directories(folder / "x" / "y");
  make_directories(folder / "x" / "y");
  EXPECT_TRUE(std::filesystem::is_directory(folder / "x" / "y"));
  write_file(folder / "f", "");
  EXPECT_EQ(error_of([&] { make_directories(folder / "f"); }).kind(), ErrorKind::kResource);
  EXPECT_EQ(error_of([&] { make_directories(folder / "f" / "y"); }).kind(), ErrorKind::kResource);
}

}  // namespace
}  // namespace orthrus
