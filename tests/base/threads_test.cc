#include "base/threads.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace orthrus {
namespace {

class ThreadsTest : public ::testing::Test {
 protected:
  void TearDown() override { set_threads(before_); }
  const int before_ = current_threads();
};

TEST_F(ThreadsTest, CountsAtLeastOneCore) {
  EXPECT_GE(usable_cores(), 1);
  set_threads(3);
  EXPECT_EQ(current_threads(), 3);
}

TEST_F(ThreadsTest, VisitsEachIndexOnce) {
  for (const int threads : {1, 2, 4}) {
    set_threads(threads);
    for (const int64_t count : {0, 1, 3, 1000}) {
      std::vector<int> visits(static_cast<size_t>(count));
      parallel_for(count, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) ++visits[static_cast<size_t>(i)];
      });
      EXPECT_EQ(visits, std::vector<int>(static_cast<size_t>(count), 1)) << threads << ' ' << count;
    }
  }
}

TEST_F(ThreadsTest, RethrowsTheFirstException) {
  set_threads(4);
  try {
    parallel_for(4, [](int64_t begin, int64_t) {
      if (begin > 0) throw std::runtime_error(std::to_string(begin));
    });
    FAIL() << "no exception";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "1");
  }
}

}  // namespace
}  // namespace orthrus
