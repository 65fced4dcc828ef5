#include "base/terminal.h"

#include <gtest/gtest.h>

#include "base/memory_stream.h"

namespace orthrus {
namespace {

TEST(Terminal, FilesAreNeitherAnimatedNorColoured) {
  std::FILE* file = std::tmpfile();
  const TerminalTraits traits = terminal_traits(file, {{"TERM", "xterm"}, {"COLUMNS", "123"}});
  EXPECT_FALSE(traits.animated);
  EXPECT_FALSE(traits.coloured);
  EXPECT_EQ(traits.width, 123);
  EXPECT_EQ(terminal_traits(file, {{"COLUMNS", "wide"}}).width, 80);
  std::fclose(file);
}

TEST(Terminal, PlainWithoutAnimation) {
  const MemoryStream stream;
  Terminal terminal(stream.file(), {});
  terminal.set_status("status");
  terminal.print_line("line");
  EXPECT_EQ(stream.text(), "line\n");
  EXPECT_EQ(terminal.alarming("x"), "x");
}

TEST(Terminal, StatusStaysUnderLines) {
  const MemoryStream stream;
  Terminal terminal(stream.file(), {.animated = true, .coloured = true, .width = 20});
  terminal.set_status("status");
  terminal.print_line("line");
  terminal.set_status("");
  EXPECT_EQ(stream.text(), "\r\x1b[Kstatus\r\x1b[Kline\nstatus\r\x1b[K");
  EXPECT_EQ(terminal.alarming("x"), "\x1b[1;31mx\x1b[0m");
}

TEST(Terminal, CutsTheStatusBetweenCharacters) {
  const MemoryStream stream;
  Terminal terminal(stream.file(), {.animated = true, .width = 5});
  terminal.set_status("abc\u00e9");  // four columns of room, five bytes
  EXPECT_EQ(stream.text(), "\r\x1b[Kabc");
}

}  // namespace
}  // namespace orthrus
