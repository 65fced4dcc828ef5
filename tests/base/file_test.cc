#include "base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "base/error_matcher.h"
#include "base/file_fault.h"
#include "base/temporary_folder.h"

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string big_text(char letter) {
  return std::string(100'000, letter);
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

struct FaultCase {
  int error;
  bool for_ever;
};

class FileFaultTest : public ::testing::TestWithParam<FaultCase> {};

// Whatever call fails, the target is the old file or the new one, and no temporary file stays.
TEST_P(FileFaultTest, TargetIsOldOrNew) {
  const TemporaryFolder folder;
  int64_t failures = 0;
  int64_t k = 1;
  for (;; ++k) {
    ASSERT_LT(k, 100);
    write_file(folder / "a", big_text('o'));
    bool struck = false;
    bool threw = false;
    {
      FileFaults faults({.call = FileCall::kAny,
                         .first = k,
                         .for_ever = GetParam().for_ever,
                         .error = GetParam().error});
      try {
        AtomicFile file(folder / "a");
        file.write(big_text('n'));
        file.write("tail");
        file.commit();
      } catch (const Error& error) {
        threw = true;
        EXPECT_EQ(error.kind(), ErrorKind::kResource);
        EXPECT_THAT(error.message(), HasSubstr((folder / "a").string()));
      }
      struck = faults.struck();
    }
    const std::string text = read_text(folder / "a");
    EXPECT_TRUE(text == big_text('o') || text == big_text('n') + "tail") << "k = " << k;
    EXPECT_THAT(folder.names(), ElementsAre("a"));
    EXPECT_TRUE(threw || text.ends_with("tail")) << "k = " << k;
    failures += threw ? 1 : 0;
    if (!struck) break;
  }
  // open, two writes, sync, close, rename; open and sync of the folder.
  EXPECT_EQ(k, 9);
  EXPECT_EQ(failures, 8);
}

INSTANTIATE_TEST_SUITE_P(Errors, FileFaultTest,
                         ::testing::Values(FaultCase{ENOSPC, false}, FaultCase{ENOSPC, true},
                                           FaultCase{EIO, false}, FaultCase{EDQUOT, true}));

TEST(FileFault, ShortWritesAndReadsAreContinued) {
  const TemporaryFolder folder;
  {
    FileFaults faults({.call = FileCall::kWrite, .for_ever = true, .error = 0});
    write_file(folder / "a", "one byte at a time");
    EXPECT_EQ(faults.calls(), 18);
  }
  FileFaults faults({.call = FileCall::kRead, .for_ever = true, .error = 0});
  EXPECT_EQ(read_text(folder / "a"), "one byte at a time");
}

TEST(FileFault, InterruptedCallsAreRepeated) {
  const TemporaryFolder folder;
  for (const FileCall call : {FileCall::kOpen, FileCall::kWrite, FileCall::kSync}) {
    FileFaults faults({.call = call, .error = EINTR});
    write_file(folder / "a", "text");
    EXPECT_TRUE(faults.struck());
  }
  EXPECT_EQ(read_text(folder / "a"), "text");
}

TEST(FileFault, FullDiskHasAHint) {
  const TemporaryFolder folder;
  FileFaults faults({.call = FileCall::kWrite, .error = ENOSPC});
  EXPECT_THAT(error_of([&] { write_file(folder / "a", "x"); }).hint(), HasSubstr("free space in"));
}

TEST(FileFault, ReadErrorsAreReported) {
  FileFaults faults({.call = FileCall::kRead, .error = EIO});
  EXPECT_EQ(error_of([] { (void)read_text("/proc/self/status"); }).message(),
            "cannot read '/proc/self/status': Input/output error");
}

TEST(FileFault, OnlyOneAtATime) {
  FileFaults faults({.first = 1000});
  EXPECT_EQ(error_of([] { FileFaults second({.first = 1}); }).kind(), ErrorKind::kInternal);
}

}  // namespace
}  // namespace orthrus
