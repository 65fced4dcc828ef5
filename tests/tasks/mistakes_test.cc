#include "tasks/mistakes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orthrus {
namespace {

using ::testing::ElementsAre;

std::vector<int64_t> positions_of(const std::vector<Mistake>& mistakes) {
  std::vector<int64_t> positions;
  for (const Mistake& mistake : mistakes) positions.push_back(mistake.position);
  return positions;
}

TEST(Mistakes, AreSortedByWhatTheyCost) {
  MistakeCollector collector(Task{.name = "t", .classes = 3});
  collector.add(std::vector<float>{0.7F, 0.2F, 0.1F,    // right
                                   0.6F, 0.3F, 0.1F,    // label 1
                                   0.1F, 0.88F, 0.02F,  // label 2
                                   0.4F, 0.5F, 0.1F},   // without a label
                std::vector<float>{0, 1, 2, 0}, std::vector<float>{1, 1, 1, 0},
                std::vector<int64_t>{10, 11, 12, 13});
  const std::vector<Mistake> worst = collector.worst();
  EXPECT_THAT(positions_of(worst), ElementsAre(12, 11));
  EXPECT_EQ(worst[0].label, 2);
  EXPECT_EQ(worst[0].answer, 1);
  EXPECT_FLOAT_EQ(worst[0].label_probability, 0.02F);
  EXPECT_FLOAT_EQ(worst[0].answer_probability, 0.88F);
  EXPECT_EQ(worst[0].question, -1);
}

// Class 0 has on average 0.8 where it is the label, class 1 0.5, class 2 is never the label but
// once, with 0.1.
TEST(Mistakes, AreSuspectWhereTheAnswerIsAsSureAsForTheClassItself) {
  MistakeCollector collector(Task{.name = "t", .classes = 3});
  collector.add(std::vector<float>{0.8F, 0.1F, 0.1F,    // right
                                   0.1F, 0.9F, 0.0F,    // right
                                   0.75F, 0.1F, 0.15F,  // label 1: less sure of 0 than usual
                                   0.2F, 0.7F, 0.1F},   // label 2: surer of 1 than usual
                std::vector<float>{0, 1, 1, 2}, std::vector<float>{1, 1, 1, 1},
                std::vector<int64_t>{0, 1, 2, 3});
  EXPECT_THAT(positions_of(collector.suspects()), ElementsAre(3));
  EXPECT_THAT(positions_of(collector.worst()), ElementsAre(2, 3));
}

TEST(Mistakes, OfMultilabelTasksAreAboutOneClass) {
  MistakeCollector collector(Task{.name = "t", .classes = 2, .kind = TaskKind::kMultilabel});
  collector.add(std::vector<float>{0.9F, 0.4F, 0.2F, 0.95F}, std::vector<float>{1, 1, 0, 0},
                std::vector<float>{1, 1, 1, 1}, std::vector<int64_t>{5, 6});
  const std::vector<Mistake> worst = collector.worst();
  ASSERT_THAT(positions_of(worst), ElementsAre(6, 5));
  EXPECT_EQ(worst[0].question, 1);
  EXPECT_EQ(worst[0].label, 0);
  EXPECT_EQ(worst[0].answer, 1);
  EXPECT_FLOAT_EQ(worst[0].label_probability, 0.05F);
  // Yes for class 1 is usually 0.4 sure, no 0.05: both mistakes are suspect.
  EXPECT_THAT(positions_of(collector.suspects()), ElementsAre(6, 5));
}

}  // namespace
}  // namespace orthrus
