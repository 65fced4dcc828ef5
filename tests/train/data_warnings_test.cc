#include "train/data_warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

LabelCounts counts_of(std::vector<int64_t> per_class) {
  LabelCounts counts{.per_class = std::move(per_class), .zeros = {}};
  for (const int64_t count : counts.per_class) counts.present += count;
  return counts;
}

// Of one task whose classes have so many images.
std::vector<std::string> warnings_of(std::vector<int64_t> per_class, Task task = {.name = "t"}) {
  task.classes = std::ssize(per_class);
  return data_warnings({task}, {counts_of(std::move(per_class))}, 10'000, {});
}

std::vector<std::string> update_warnings(size_t images, int batch_size, int epochs,
                                         int accumulate = 1) {
  TrainRequest request;
  request.end_epoch = epochs;
  request.accumulate = accumulate;
  request.loader.batch_size = batch_size;
  return data_warnings({}, {}, images, request);
}

TEST(DataWarnings, NothingIsSaidOfOrdinaryLabels) {
  EXPECT_THAT(warnings_of({3, 1, 2}), IsEmpty());
  EXPECT_THAT(warnings_of({3, 1}), IsEmpty());
}

TEST(DataWarnings, NameClassesWithoutATrainingImage) {
  EXPECT_THAT(warnings_of({3, 0, 2, 0, 1}),
              ElementsAre("task 't': classes without a training image: 1, 3"));
  const Task named{.name = "t", .class_names = {"a", "b", "c"}};
  EXPECT_THAT(warnings_of({3, 1, 0}, named), ElementsAre(HasSubstr("image: c")));
  std::vector<int64_t> few(20, 0);
  few[0] = few[1] = 5;
  EXPECT_THAT(warnings_of(few),
              ElementsAre(HasSubstr("2, 3, 4, 5, 6, 7, 8, 9, 10, 11, and 8 more")));
}

TEST(DataWarnings, TellOfLabelsThatAreAllTheSame) {
  EXPECT_THAT(warnings_of({48, 0, 0}),
              ElementsAre(HasSubstr("task 't': all 48 training labels are of the class 0,")));
  EXPECT_THAT(warnings_of({0, 7}), ElementsAre(HasSubstr("of the class 1,")));
}

TEST(DataWarnings, TellOfLabelsThatSeemToCountFromOne) {
  EXPECT_THAT(warnings_of({0, 3, 4, 5}),
              ElementsAre(HasSubstr("without a training image: 0"), HasSubstr("count from 1")));
  EXPECT_THAT(warnings_of({0, 3, 4, 0}), ElementsAre(HasSubstr("image: 0, 3")));
  const Task derived{.name = "t", .rule = LabelRule::kPositive};
  EXPECT_THAT(warnings_of({0, 3, 4, 5}, derived), ElementsAre(HasSubstr("image: 0")));
}

TEST(DataWarnings, TellOfMultilabelClassesThatAreAlwaysTheSame) {
  Task task{.name = "t",
            .classes = 3,
            .class_names = {"never", "some", "always"},
            .kind = TaskKind::kMultilabel};
  const LabelCounts counts{.per_class = {0, 2, 4}, .zeros = {4, 2, 0}, .present = 12};
  EXPECT_THAT(data_warnings({task}, {counts}, 10'000, {}),
              ElementsAre(HasSubstr("no training image is positive for these classes: never"),
                          ::testing::AllOf(HasSubstr("every training image is positive"),
                                           HasSubstr(": always"))));
  task.balanced = true;
  EXPECT_THAT(data_warnings({task}, {counts}, 10'000, {})[1], HasSubstr("weight is 1"));
}

TEST(DataWarnings, TellOfFewUpdates) {
  EXPECT_THAT(update_warnings(48, 200, 5),
              ElementsAre("48 images in batches of 200 make 1 update per epoch, 5 in all; try a "
                          "smaller batch: --batch-size 4"));
  EXPECT_THAT(update_warnings(48, 32, 6), ElementsAre(HasSubstr("2 updates per epoch, 12 in all")));
  EXPECT_THAT(update_warnings(48, 8, 6), IsEmpty());
  EXPECT_THAT(update_warnings(48, 200, 300), IsEmpty());
  EXPECT_THAT(update_warnings(48, 8, 6, 6),
              ElementsAre("48 images in batches of 8, 6 for an update, make 1 update per epoch, 6 "
                          "in all; try a smaller batch: --batch-size 4"));
  TrainRequest solved;
  solved.solve = true;
  EXPECT_THAT(data_warnings({}, {}, 5, solved), IsEmpty());
}

}  // namespace
}  // namespace orthrus
