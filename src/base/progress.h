// Progress of a counted piece of work: a bar with rate and time left on a terminal, a plain line
// now and then elsewhere. It does not log and keeps no statistics.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/terminal.h"

namespace orthrus {

struct ProgressState {
  std::string label;  // "epoch 1/10"
  std::string unit;   // "images"
  int64_t done = 0;
  int64_t total = 0;  // 0: unknown, no bar and no time left
  double seconds = 0;
  std::string text;  // "loss 0.532"
};

// "epoch 1/10  45% [####------]  450/1000 images  9.8 images/s  0:56 left  loss 0.532" in at most
// `width` columns: the bar takes what is left, and goes first when there is no room.
[[nodiscard]] std::string progress_line(const ProgressState& state, int width);
// "epoch 1/10: 1000 images in 1:42, 9.8 images/s, loss 0.532"
[[nodiscard]] std::string progress_summary(const ProgressState& state);
// "0:07", "12:34", "1:02:03"
[[nodiscard]] std::string duration_text(double seconds);
// Seconds of "90s", "20m", "1h30m"; nothing for another text, or where that is no time at all.
[[nodiscard]] std::optional<double> parse_duration(std::string_view text);
// "12.3 MB", of a million bytes each.
[[nodiscard]] std::string size_text(uint64_t bytes);

class Progress {
 public:
  using Clock = std::function<double()>;  // seconds since any fixed point

  Progress(Terminal& terminal, std::string label, int64_t total, std::string unit = "images");
  Progress(Terminal& terminal, std::string label, int64_t total, std::string unit, Clock clock);
  ~Progress();  // removes the bar
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Counts `more` units and shows `text`; redraws ten times a second at most.
  void advance(int64_t more, std::string_view text = {});
  // Removes the bar and prints the summary.
  void finish(std::string_view text = {});
  [[nodiscard]] const ProgressState& state() const { return state_; }

 private:
  Terminal& terminal_;
  Clock clock_;
  ProgressState state_;
  double start_;
  double shown_;  // when it was last drawn or printed
};

}  // namespace orthrus
