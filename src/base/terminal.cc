#include "base/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>

namespace orthrus {

namespace {

constexpr std::string_view kEraseLine = "\r\x1b[K";

std::string lookup(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

int columns(int descriptor, const Environment& environment) {
  const std::string text = lookup(environment, "COLUMNS");
  int width = 0;
  std::from_chars(text.data(), text.data() + text.size(), width);
  if (width > 0) return width;
  winsize size = {};
  const bool known = ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

// The longest beginning of `text` in at most `most` bytes that does not end inside a UTF-8
// character.
std::string_view cut(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return text.substr(0, most);
}

}  // namespace

TerminalTraits terminal_traits(std::FILE* stream, const Environment& environment) {
  const int descriptor = ::fileno(stream);
  const bool terminal = ::isatty(descriptor) == 1 && lookup(environment, "TERM") != "dumb";
  return {.animated = terminal,
          .coloured = terminal && lookup(environment, "NO_COLOR").empty(),
          .width = columns(descriptor, environment)};
}

void Terminal::write(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream_);
  std::fflush(stream_);
}

void Terminal::print_line(std::string_view line) {
  const std::lock_guard lock(mutex_);
  std::string text;
  if (!status_.empty()) text += kEraseLine;
  text += line;
  text += '\n';
  write(text + status_);
}

void Terminal::set_status(std::string_view status) {
  if (!traits_.animated) return;
  const std::lock_guard lock(mutex_);
  // The last column stays free: some terminals wrap as soon as it is written.
  status = cut(status, static_cast<size_t>(traits_.width > 1 ? traits_.width - 1 : 1));
  if (status == status_) return;
  status_ = status;
  write(std::string(kEraseLine) + status_);
}

std::string Terminal::alarming(std::string_view text) const {
  if (!traits_.coloured) return std::string(text);
  return "\x1b[1;31m" + std::string(text) + "\x1b[0m";
}

}  // namespace orthrus
