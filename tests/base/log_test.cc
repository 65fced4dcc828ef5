#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error_matcher.h"
#include "base/file.h"
#include "base/memory_stream.h"
#include "base/temporary_folder.h"

namespace orthrus {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

TEST(Log, TerminalByLevelFileInFull) {
  const TemporaryFolder folder;
  const MemoryStream stream;
  Terminal terminal(stream.file(), {});
  Log log(&terminal);
  log.info("before the file");
  log.open_file(folder / "train.log");
  log.detail("kernel {}", 1);
  log.info("loss {:.2f}", 0.5);
  log.warning("odd");
  EXPECT_EQ(stream.text(), "before the file\nloss 0.50\nwarning: odd\n");
  const std::string stamp = "[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+Z";
  EXPECT_THAT(read_text(folder / "train.log"),
              MatchesRegex(stamp + " detail: kernel 1\n" + stamp + " info: loss 0.50\n" + stamp +
                           " warning: odd\n"));
}

TEST(Log, AppendsWhenARunGoesOn) {
  const TemporaryFolder folder;
  for (int run = 0; run < 2; ++run) {
    Log log(nullptr);
    log.open_file(folder / "train.log");
    log.info("run {}", run);
  }
  EXPECT_THAT(read_text(folder / "train.log"), MatchesRegex(".*run 0\n.*run 1\n"));
}

TEST(Log, SaysWhatCannotBeOpened) {
  Log log(nullptr);
  const Error error = error_of([&] { log.open_file("/nowhere/train.log"); });
  EXPECT_EQ(error.kind(), ErrorKind::kResource);
  EXPECT_THAT(error.message(), HasSubstr("/nowhere/train.log"));
}

TEST(Log, AFullDiskEndsTheFileNotTheRun) {
  const MemoryStream stream;
  Terminal terminal(stream.file(), {});
  Log log(&terminal);
  log.open_file("/dev/full");
  log.info("one");
  log.info("two");
  EXPECT_EQ(stream.text(),
            "one\nwarning: cannot write '/dev/full': No space left on device; the run goes on "
            "without this file\ntwo\n");
}

}  // namespace
}  // namespace orthrus
