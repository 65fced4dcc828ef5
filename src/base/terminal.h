// The terminal that messages go to (standard error): lines, and one status line under them that is
// redrawn in place. What is no terminal gets plain lines and no status. It decides nothing about
// what is said: see base/log.h and base/progress.h.
#pragma once

#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>

#include "base/options_parse.h"

namespace orthrus {

struct TerminalTraits {
  bool animated = false;  // a terminal that can redraw a line
  bool coloured = false;
  int width = 80;  // columns
};

// What the stream is: TERM=dumb is not animated, NO_COLOR (not empty) is not coloured, COLUMNS goes
// before the terminal's own width.
[[nodiscard]] TerminalTraits terminal_traits(std::FILE* stream, const Environment& environment);

// Safe to use from several threads. Failed writes are ignored: a reader that has gone away must not
// end a training.
class Terminal {
 public:
  Terminal(std::FILE* stream, TerminalTraits traits) : stream_(stream), traits_(traits) {}

  [[nodiscard]] const TerminalTraits& traits() const { return traits_; }
  // `line` and a newline, above the status line.
  void print_line(std::string_view line);
  // Replaces the status line, cut to the width; empty removes it. Nothing when not animated.
  void set_status(std::string_view status);
  // The text in bold red where colours are on.
  [[nodiscard]] std::string alarming(std::string_view text) const;

 private:
  void write(std::string_view text);

  std::FILE* stream_;
  TerminalTraits traits_;
  std::mutex mutex_;
  std::string status_;
};

}  // namespace orthrus
