#include "base/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <system_error>
#include <utility>

namespace orthrus {

namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr double kPlainLineSeconds = 30;
constexpr int kNarrowestBar = 10;
constexpr int kWidestBar = 40;

double steady_seconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

std::string rate_text(const ProgressState& state) {
  const double rate = state.seconds > 0 ? static_cast<double>(state.done) / state.seconds : 0;
  return fmt::format("{:.{}f} {}/s", rate, rate < 100 ? 1 : 0, state.unit);
}

double fraction_done(const ProgressState& state) {
  if (state.total <= 0) return 0;
  return std::clamp(static_cast<double>(state.done) / static_cast<double>(state.total), 0.0, 1.0);
}

std::string bar(double fraction, int width) {
  const int inner = width - 2;
  const int filled = static_cast<int>(fraction * inner);
  return fmt::format("[{:#<{}}{:-<{}}]", "", filled, "", inner - filled);
}

}  // namespace

std::string size_text(uint64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<int64_t>(std::max(0.0, std::round(seconds)));
  const int64_t hours = whole / 3600, minutes = whole / 60 % 60, rest = whole % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, rest);
  return fmt::format("{}:{:02}", minutes, rest);
}

std::optional<double> parse_duration(std::string_view text) {
  double seconds = 0;
  double last_unit = std::numeric_limits<double>::infinity();  // they get smaller
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (error != std::errc() || !std::isfinite(number) || number < 0 || text.empty()) return {};
    const double unit = text[0] == 'h' ? 3600 : text[0] == 'm' ? 60 : text[0] == 's' ? 1 : 0;
    if (unit == 0 || unit >= last_unit) return {};
    last_unit = unit;
    seconds += number * unit;
    text.remove_prefix(1);
  }
  if (seconds <= 0) return {};
  return seconds;
}

std::string progress_line(const ProgressState& state, int width) {
  const double fraction = fraction_done(state);
  std::string left = state.label;
  std::string right;
  if (state.total > 0) {
    left += fmt::format("  {:3.0f}%", std::floor(100 * fraction));
    right = fmt::format("{}/{} {}", state.done, state.total, state.unit);
  } else {
    right = fmt::format("{} {}", state.done, state.unit);
  }
  right += "  " + rate_text(state);
  if (fraction > 0) {
    right += "  " + duration_text(state.seconds * (1 - fraction) / fraction) + " left";
  }
  if (!state.text.empty()) right += "  " + state.text;
  const int room = width - static_cast<int>(left.size() + right.size()) - 3;
  if (state.total > 0 && room >= kNarrowestBar) {
    left += " " + bar(fraction, std::min(room, kWidestBar));
  }
  std::string line = left + "  " + right;
  if (static_cast<int>(line.size()) > width) line.resize(static_cast<size_t>(std::max(0, width)));
  return line;
}

std::string progress_summary(const ProgressState& state) {
  std::string line = fmt::format("{}: {} {} in {}, {}", state.label, state.done, state.unit,
                                 duration_text(state.seconds), rate_text(state));
  if (!state.text.empty()) line += ", " + state.text;
  return line;
}

Progress::Progress(Terminal& terminal, std::string label, int64_t total, std::string unit)
    : Progress(terminal, std::move(label), total, std::move(unit), steady_seconds) {}

Progress::Progress(Terminal& terminal, std::string label, int64_t total, std::string unit,
                   Clock clock)
    : terminal_(terminal),
      clock_(std::move(clock)),
      state_{.label = std::move(label), .unit = std::move(unit), .total = total, .text = {}},
      start_(clock_()),
      shown_(start_) {}

Progress::~Progress() {
  terminal_.set_status("");
}

void Progress::advance(int64_t more, std::string_view text) {
  state_.done += more;
  state_.text = text;
  const double now = clock_();
  state_.seconds = now - start_;
  const TerminalTraits& traits = terminal_.traits();
  if (now - shown_ < (traits.animated ? kRedrawSeconds : kPlainLineSeconds)) return;
  shown_ = now;
  if (traits.animated) {
    terminal_.set_status(progress_line(state_, traits.width - 1));
  } else {
    terminal_.print_line(progress_line(state_, 1000));
  }
}

void Progress::finish(std::string_view text) {
  state_.text = text;
  state_.seconds = clock_() - start_;
  terminal_.set_status("");
  terminal_.print_line(progress_summary(state_));
}

}  // namespace orthrus
