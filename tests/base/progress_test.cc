#include "base/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/memory_stream.h"

namespace orthrus {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ProgressState halfway() {
  return {.label = "epoch 1/2",
          .unit = "images",
          .done = 50,
          .total = 100,
          .seconds = 10,
          .text = "loss 0.5"};
}

TEST(Progress, DurationText) {
  EXPECT_EQ(duration_text(-1), "0:00");
  EXPECT_EQ(duration_text(59.6), "1:00");
  EXPECT_EQ(duration_text(754), "12:34");
  EXPECT_EQ(duration_text(3723), "1:02:03");
}

TEST(ParseDuration, ReadsHoursMinutesAndSeconds) {
  EXPECT_EQ(parse_duration("90s"), 90);
  EXPECT_EQ(parse_duration("20m"), 1200);
  EXPECT_EQ(parse_duration("1h30m"), 5400);
  EXPECT_EQ(parse_duration("1.5h"), 5400);
  EXPECT_EQ(parse_duration("1h2m3s"), 3723);
  for (const char* text :
       {"", "20", "m", "20x", "-1m", "0s", "1m1m", "1m1h", "nanm", "1e999h", "2 h"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
}

TEST(Progress, LineHoldsBarRateTimeAndText) {
  const std::string line = progress_line(halfway(), 84);
  EXPECT_EQ(line,
            "epoch 1/2   50% [########--------]  50/100 images  5.0 images/s  0:10 left  loss 0.5");
  EXPECT_EQ(line.size(), 84U);
}

TEST(Progress, NarrowLinesLoseTheBarFirst) {
  const std::string line = progress_line(halfway(), 70);
  EXPECT_THAT(line, Not(HasSubstr("[")));
  EXPECT_THAT(line, HasSubstr("loss 0.5"));
  EXPECT_EQ(progress_line(halfway(), 20).size(), 20U);
}

TEST(Progress, UnknownTotal) {
  ProgressState state = halfway();
  state.total = 0;
  EXPECT_EQ(progress_line(state, 80), "epoch 1/2  50 images  5.0 images/s  loss 0.5");
}

TEST(Progress, NothingDoneYet) {
  EXPECT_EQ(progress_line({.label = "a", .unit = "b", .total = 3, .text = ""}, 30),
            "a    0%  0/3 b  0.0 b/s");
}

TEST(Progress, PlainLinesNowAndThen) {
  const MemoryStream stream;
  Terminal terminal(stream.file(), {});
  double now = 100;
  Progress progress(terminal, "epoch 1/2", 100, "images", [&] { return now; });
  for (int i = 0; i < 50; ++i) {
    now += 1;
    progress.advance(1);
  }
  progress.finish("loss 0.1");
  const std::string text = stream.text();
  EXPECT_EQ(std::ranges::count(text, '\n'), 2);  // after 30 s, and at the end
  EXPECT_THAT(text, HasSubstr("30/100 images"));
  EXPECT_THAT(text, HasSubstr("epoch 1/2: 50 images in 0:50, 1.0 images/s, loss 0.1\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(Progress, RedrawsAndCleansUp) {
  const MemoryStream stream;
  Terminal terminal(stream.file(), {.animated = true, .width = 60});
  double now = 0;
  {
    Progress progress(terminal, "a", 4, "b", [&] { return now; });
    progress.advance(1);  // too soon to be drawn
    EXPECT_EQ(stream.text(), "");
    now = 1;
    progress.advance(1);
    EXPECT_THAT(stream.text(), HasSubstr("2/4 b"));
  }
  EXPECT_TRUE(stream.text().ends_with("\r\x1b[K"));
}

}  // namespace
}  // namespace orthrus
