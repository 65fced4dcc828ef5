#include "base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <initializer_list>

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

TEST(File, TruncatesTheRestOfACrashedProcess) {
  const TemporaryFolder folder;
  {
    AtomicFile probe(folder / "a");
    const std::string name = folder.names().front();
    EXPECT_EQ(name, "a.tmp-" + std::to_string(::getpid()));
    probe.write(big_text('x'));
    // A second writer of the same name, as after a crash of a process with the same number.
    AtomicFile file(folder / "a");
    file.write("short");
    file.commit();
  }
  EXPECT_EQ(read_text(folder / "a"), "short");
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
