#include "train/tune.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/file.h"
#include "base/options_parse.h"
#include "formats/mxnet/checkpoint.h"
#include "train/options.h"
#include "train/run_summary.h"
#include "train/training.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kPictures;
using testing::RecordingObserver;
using testing::refusal_of;
using testing::TemporaryFolder;
using testing::tiny_model;

class Tune : public ::testing::Test {
 protected:
  void SetUp() override {
    const Model model = tiny_model();
    mxnet::save_checkpoint((folder_.path() / "start").string(), 0, model.graph, model.parameters);
  }
  Options options(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"--model",       (folder_.path() / "start").string(),
                                          "--num-classes", "4",
                                          "--image-shape", "3,8,8",
                                          "--data-train",  (kPictures / "train.lst").string(),
                                          "--data-val",    (kPictures / "val.lst").string(),
                                          "--batch-size",  "8",
                                          "--num-epoch",   "4"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return parse_options(train_table(), {}, arguments, {});
  }
  std::vector<Trial> search(const std::vector<std::string>& axes,
                            std::vector<std::string> more = {}) {
    return tune(options(std::move(more)), {.axes = tune_axes(axes, train_table()), .folder = out_},
                *backend_, observer_, {});
  }

  TemporaryFolder folder_;
  std::filesystem::path out_ = folder_.path() / "tune";
  std::unique_ptr<Backend> backend_ = make_ref_backend();
  RecordingObserver observer_;
};

TEST_F(Tune, HalvesTheTrialsAndDoublesTheirEpochs) {
  const std::vector<Trial> trials =
      search({"optimizer.lr=0", "0.001", "0.01", "optimizer.weight_decay=0", "0.01"});
  ASSERT_EQ(trials.size(), 6U);
  std::map<int, int> with_epochs;
  for (const Trial& trial : trials) ++with_epochs[trial.epochs];
  EXPECT_THAT(with_epochs,
              ElementsAre(::testing::Pair(1, 3), ::testing::Pair(2, 1), ::testing::Pair(4, 2)));
  EXPECT_EQ(trials[0].epochs, 4);
  EXPECT_GE(*trials[0].score, *trials[1].score);
  EXPECT_THAT(read_text(out_ / "best.toml"), HasSubstr("lr = "));
  EXPECT_THAT(observer_.notes, Contains("6 trials of 1 epochs"));
  // Again: everything is there already.
  const std::vector<Trial> again =
      search({"optimizer.lr=0", "0.001", "0.01", "optimizer.weight_decay=0", "0.01"});
  for (size_t i = 0; i < trials.size(); ++i) EXPECT_EQ(again[i].number, trials[i].number);
}

TEST_F(Tune, RanksByTheMetricThatIsAskedFor) {
  const std::vector<std::string> axes = {"optimizer.lr=0.5", "0.1", "0.001"};
  const std::vector<Trial> trials = search(axes, {"--best-by", "loss", "--num-epoch", "1"});
  ASSERT_EQ(trials.size(), 3U);
  for (const Trial& trial : trials) {
    const RunSummary run = summarise_run(out_ / fmt::format("trial-{:03}", trial.number));
    double loss = 0;
    for (const TaskSummary& task : run.tasks) loss += task.loss.value();
    EXPECT_NEAR(trial.score.value(), loss / static_cast<double>(run.tasks.size()), 1e-5);
  }
  EXPECT_LE(trials[0].score, trials[1].score);
  EXPECT_LE(trials[1].score, trials[2].score);
  EXPECT_THAT(refusal_of([&] {
                (void)search({"train.best_by=loss", "accuracy"});
              }),
              HasSubstr("trials are compared by one metric"));
}

TEST_F(Tune, DropsTrialsWhoseLossIsNoNumber) {
  const std::vector<Trial> trials = search({"optimizer.lr=1e30", "0.001"});
  EXPECT_EQ(settings_text(trials[0]), "optimizer.lr=0.001");
  EXPECT_FALSE(trials[1].score);
}

TEST_F(Tune, RefusesWhatCannotBeTried) {
  const auto axes = [](std::vector<std::string> texts) {
    return refusal_of([&] { (void)tune_axes(texts, train_table()); });
  };
  EXPECT_THAT(axes({"0.001"}), HasSubstr("expected KEY=VALUE"));
  EXPECT_THAT(axes({"optimizer.lt=1"}),
              AllOf(HasSubstr("no option 'optimizer.lt'"), HasSubstr("optimizer.lr")));
  EXPECT_THAT(refusal_of([&] { (void)search({}); }), HasSubstr("nothing is to be tried"));
  EXPECT_THAT(refusal_of([&] { (void)search({"optimizer.lr=fast"}); }),
              HasSubstr("--tune optimizer.lr"));
}

}  // namespace
}  // namespace orthrus
