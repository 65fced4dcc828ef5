#include "train/metrics_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "model/networks.h"

namespace orthrus {
namespace {

using testing::refusal_of;

// Two tasks, the second without labels in validation.
std::vector<EpochReport> history() {
  EpochReport epoch{.epoch = 3, .updates = 7, .learning_rate = 0.1, .seconds = 1.25};
  epoch.task_weights = {1, 0.5};
  epoch.train = {{.weight = 10, .correct = 9, .top_k = 10, .loss = 1},
                 {.weight = 10, .correct = 9, .top_k = 10, .loss = 1}};
  epoch.validation = {{.weight = 3, .correct = 1, .top_k = 3, .loss = 6}, {}};
  EpochReport judged = epoch;
  judged.score = 1.0 / 3;
  return {judged, epoch};
}

const std::vector<Task> kTasks = {{.name = "colour"}, {.name = "a \"b\",\nc"}};

TEST(MetricsCsv, HasARowForEachEpochAndTask) {
  std::vector<EpochReport> one = history();
  one.resize(1);
  EXPECT_EQ(
      metrics_csv(one, kTasks),
      "epoch,updates,learning_rate,seconds,task,weight,train_labels,train_loss,train_accuracy,"
      "train_top5_accuracy,validation_labels,validation_loss,validation_accuracy,"
      "validation_top5_accuracy,score\n"
      "3,7,0.1,1.250,colour,1,10,0.1,0.9,1,3,2,0.3333333333333333,1,0.3333333333333333\n"
      "3,7,0.1,1.250,\"a \"\"b\"\",\nc\",0.5,10,0.1,0.9,1,,,,,0.3333333333333333\n");
}

TEST(MetricsCsv, HasNoTopFiveOfFiveClasses) {
  std::vector<EpochReport> one = history();
  one.resize(1);
  EXPECT_THAT(metrics_csv(one, {{.name = "a", .classes = 5}, {.name = "b", .classes = 6}}),
              ::testing::AllOf(::testing::HasSubstr(",a,1,10,0.1,0.9,,3,2,0.3333333333333333,,"),
                               ::testing::HasSubstr(",b,0.5,10,0.1,0.9,1,,,,,")));
}

TEST(ReadMetrics, GivesBackWhatWasWritten) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "metrics.csv";
  std::vector<EpochReport> written = history();
  written[1].epoch = 4;
  write_file(file, metrics_csv(written, kTasks));
  const Metrics metrics = read_metrics(file);
  EXPECT_THAT(metrics.tasks, ::testing::ElementsAre(kTasks[0].name, kTasks[1].name));
  ASSERT_EQ(metrics.history.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    const EpochReport& epoch = metrics.history[i];
    EXPECT_EQ(epoch.epoch, written[i].epoch);
    EXPECT_EQ(epoch.updates, 7);
    EXPECT_EQ(epoch.learning_rate, 0.1);
    EXPECT_EQ(epoch.seconds, 1.25);
    EXPECT_EQ(epoch.train, written[i].train);
    EXPECT_EQ(epoch.validation, written[i].validation);
    EXPECT_EQ(epoch.task_weights, written[i].task_weights);
    EXPECT_EQ(epoch.score, written[i].score);
  }
}

TEST(ReadMetrics, RefusesWhatIsNoSuchTable) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "metrics.csv";
  const auto refusal = [&](const std::string& text) {
    write_file(file, text);
    return refusal_of([&] { (void)read_metrics(file); });
  };
  const std::string header = metrics_csv({}, {});
  EXPECT_THAT(refusal(""), ::testing::HasSubstr("is empty"));
  EXPECT_THAT(refusal("epoch,task\n"), ::testing::HasSubstr("has no column 'updates'"));
  EXPECT_THAT(refusal(header + "1,2\n"), ::testing::HasSubstr("rows have different lengths"));
  EXPECT_THAT(refusal(header + "1,2"), ::testing::HasSubstr("ends within a row"));
  EXPECT_THAT(refusal(header + "\"1\n"), ::testing::HasSubstr("ends within a row"));
  EXPECT_THAT(refusal(header + "\"1\"2\n"), ::testing::HasSubstr("row 2: text after a closing"));
}

}  // namespace
}  // namespace orthrus
