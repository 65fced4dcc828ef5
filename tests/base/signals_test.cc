#include "base/signals.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "base/error_matcher.h"

namespace orthrus {
namespace {

TEST(StopSignals, TheFirstSignalIsAWish) {
  const StopSignals signals(nullptr);
  EXPECT_FALSE(signals.requested());
  signals.throw_if_requested();
  ::raise(SIGTERM);
  EXPECT_TRUE(signals.requested());
  EXPECT_EQ(signals.signal(), SIGTERM);
  EXPECT_EQ(error_of([&] { signals.throw_if_requested(); }).kind(), ErrorKind::kTerminated);
}

TEST(StopSignals, EachObjectStartsAfresh) {
  {
    const StopSignals signals(nullptr);
    ::raise(SIGINT);
    EXPECT_EQ(error_of([&] { signals.throw_if_requested(); }).kind(), ErrorKind::kInterrupted);
    EXPECT_EQ(error_of([] { const StopSignals second(nullptr); }).kind(), ErrorKind::kInternal);
  }
  const StopSignals signals(nullptr);
  EXPECT_FALSE(signals.requested());
}

TEST(StopSignalsDeathTest, TheSecondSignalEndsTheProcess) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto twice = [](int number) {
    const StopSignals signals("stopping\n");
    ::raise(number);
    ::raise(number);
  };
  EXPECT_EXIT(twice(SIGINT), ::testing::ExitedWithCode(130), "stopping");
  EXPECT_EXIT(twice(SIGTERM), ::testing::ExitedWithCode(143), "stopping");
}

TEST(StopSignalsDeathTest, FormerHandlersComeBack) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto after = [] {
    { const StopSignals signals(nullptr); }
    ::raise(SIGTERM);
  };
  EXPECT_EXIT(after(), ::testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace orthrus
