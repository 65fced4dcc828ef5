#include "train/best_by.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "model/networks.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::refusal_of;

const std::vector<Task> kJudged = {
    {.name = "kind", .classes = 3},
    {.name = "tags", .classes = 2, .kind = TaskKind::kMultilabel},
    {.name = "size", .classes = 3},
};

std::vector<TaskReport> reports() {
  std::vector<TaskReport> all(3);
  all[0].accuracy = 0.5;
  all[1].accuracy = 1;
  all[2].accuracy = NAN;
  all[0].balanced_accuracy = 0.25;
  all[1].balanced_accuracy = NAN;
  all[2].balanced_accuracy = 0.75;
  for (TaskReport& report : all) report.mcc = NAN;
  return all;
}

TEST(BestBy, IsTheMeanOverTheTasksThatHaveTheFigure) {
  EXPECT_EQ(BestBy().score(reports(), kJudged), 0.75);
  EXPECT_EQ(BestBy().text(), "accuracy");
  EXPECT_EQ(BestBy("balanced_accuracy", "").score(reports(), kJudged), 0.5);
  EXPECT_EQ(BestBy("accuracy:kind", "").score(reports(), kJudged), 0.5);
  EXPECT_EQ(BestBy("accuracy:kind", "").text(), "accuracy:kind");
  EXPECT_EQ(BestBy("mcc", "").score(reports(), kJudged), std::nullopt);
}

TEST(BestBy, KnowsWhichWayIsBetter) {
  EXPECT_TRUE(BestBy("macro_f1", "").higher_is_better());
  EXPECT_FALSE(BestBy("loss", "").higher_is_better());
  EXPECT_FALSE(BestBy("calibration_error:kind", "").higher_is_better());
}

TEST(BestBy, RefusesFiguresAndTasksThatAreNotThere) {
  EXPECT_THAT(refusal_of([] { (void)BestBy("macrof1", "--best-by"); }),
              AllOf(HasSubstr("--best-by: there is no figure 'macrof1'"),
                    HasSubstr("did you mean 'macro_f1'?")));
  EXPECT_THAT(refusal_of([] { BestBy("loss:colour", "").check(kJudged, "--best-by"); }),
              AllOf(HasSubstr("--best-by: no task 'colour' has the figure 'loss'"),
                    HasSubstr("kind, tags, size")));
  EXPECT_THAT(refusal_of([] { BestBy("mcc:tags", "").check(kJudged, "--best-by"); }),
              HasSubstr("the tasks that have it: kind, size"));
  BestBy("mean_roc_auc", "").check(kJudged, "--best-by");
}

}  // namespace
}  // namespace orthrus
