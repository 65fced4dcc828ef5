// A file that is written while any of the calls fails is the old one or the new one.
#include "base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "base/error_matcher.h"
#include "base/temporary_folder.h"
#include "fault/faults.h"

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string big_text(char letter) {
  return std::string(100'000, letter);
}

class FileFault : public ::testing::TestWithParam<testing::NamedFault> {};

// And no temporary file stays.
TEST_P(FileFault, TargetIsOldOrNew) {
  const TemporaryFolder folder;
  const std::string written = big_text('n') + "tail";
  int failures = 0;
  testing::for_each_call(
      GetParam(), [&] { write_file(folder / "a", big_text('o')); },
      [&] {
        AtomicFile file(folder / "a");
        file.write(big_text('n'));
        file.write("tail");
        file.commit();
      },
      ErrorKind::kResource,
      [&](bool failed) {
        failures += failed ? 1 : 0;
        const std::string text = read_text(folder / "a");
        EXPECT_TRUE(text == written || (failed && text == big_text('o')));
        EXPECT_THAT(folder.names(), ElementsAre("a"));
      });
  // open, two writes, sync, close, rename; open and sync of the folder.
  EXPECT_EQ(failures, 8);
}

INSTANTIATE_TEST_SUITE_P(
    Errors, FileFault,
    ::testing::Values(testing::NamedFault{"full", SystemCall::kAnyOfFiles, ENOSPC, false},
                      testing::NamedFault{"full_for_ever", SystemCall::kAnyOfFiles, ENOSPC, true},
                      testing::NamedFault{"error", SystemCall::kAnyOfFiles, EIO, false},
                      testing::NamedFault{"quota", SystemCall::kAnyOfFiles, EDQUOT, true}),
    testing::name_of);

TEST(SystemFaults, ShortWritesAndReadsAreContinued) {
  const TemporaryFolder folder;
  {
    const SystemFaults faults({.call = SystemCall::kWrite, .for_ever = true, .error = 0});
    write_file(folder / "a", "one byte at a time");
    EXPECT_EQ(faults.calls(), 18);
  }
  const SystemFaults faults({.call = SystemCall::kRead, .for_ever = true, .error = 0});
  EXPECT_EQ(read_text(folder / "a"), "one byte at a time");
}

TEST(SystemFaults, InterruptedCallsAreRepeated) {
  const TemporaryFolder folder;
  for (const SystemCall call : {SystemCall::kOpen, SystemCall::kWrite, SystemCall::kSync}) {
    const SystemFaults faults({.call = call, .error = EINTR});
    write_file(folder / "a", "text");
    EXPECT_TRUE(faults.struck());
  }
  EXPECT_EQ(read_text(folder / "a"), "text");
}

TEST(SystemFaults, FullDiskHasAHint) {
  const TemporaryFolder folder;
  const SystemFaults faults({.call = SystemCall::kWrite, .error = ENOSPC});
  EXPECT_THAT(error_of([&] { write_file(folder / "a", "x"); }).hint(), HasSubstr("free space in"));
}

TEST(SystemFaults, ReadErrorsAreReported) {
  const SystemFaults faults({.call = SystemCall::kRead, .error = EIO});
  EXPECT_EQ(error_of([] { (void)read_text("/proc/self/status"); }).message(),
            "cannot read '/proc/self/status': Input/output error");
}

}  // namespace
}  // namespace orthrus
