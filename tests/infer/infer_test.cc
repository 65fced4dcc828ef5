#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/file.h"
#include "infer/evaluate.h"
#include "infer/predict.h"
#include "model/networks.h"
#include "tasks/calibration.h"

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using testing::golden_loader;
using testing::kPictures;
using testing::tiny_model;

LoaderOptions batches_of(int size) {
  LoaderOptions options;
  options.batch_size = size;
  return options;
}

TEST(Evaluate, DoesNotDependOnTheBatchSizeUnlessTheFillCounts) {
  const Model model = tiny_model();
  const auto backend = make_ref_backend();
  std::vector<MetricSums> whole;
  for (const int size : {10, 4, 7}) {
    Inference inference(model, size, *backend);
    const auto loader = golden_loader("val.lst", model.preprocessing, batches_of(size));
    std::vector<int64_t> done;
    std::vector<MetricSums> sums;
    for (const TaskEvaluation& evaluation :
         evaluate(inference, model.tasks, *loader, [&](int64_t n) { done.push_back(n); })) {
      sums.push_back(evaluation.sums());
    }
    ASSERT_EQ(sums.size(), 2U);
    EXPECT_EQ(done.back(), 10);
    if (whole.empty()) whole = sums;
    for (size_t task = 0; task < 2; ++task) {
      EXPECT_EQ(sums[task].weight, 10);
      EXPECT_EQ(sums[task].correct, whole[task].correct);
      EXPECT_NEAR(sums[task].loss, whole[task].loss, 1e-4);
    }
  }
  Inference inference(model, 4, *backend);
  LoaderOptions filling = batches_of(4);
  filling.last_batch = LastBatch::kMxnet;
  const auto loader = golden_loader("val.lst", model.preprocessing, filling);
  EXPECT_EQ(evaluate(inference, model.tasks, *loader)[0].sums().weight, 12);
}

TEST(Predict, AnswersEveryPictureOnceInOrder) {
  const Model model = tiny_model();
  const auto backend = make_ref_backend();
  const std::vector<std::string> paths = {(kPictures / "images/00_plain.jpg").string(),
                                          (kPictures / "images/07_png.png").string(),
                                          (kPictures / "images/01_gray.jpg").string()};
  Loader loader(list_of_files(paths), "", model.preprocessing, batches_of(2));
  Inference inference(model, 2, *backend);
  std::vector<Prediction> all;
  predict(inference, model.tasks, loader, [&](Prediction& p) { all.push_back(p); });
  ASSERT_EQ(all.size(), 3U);
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].path, paths[i]);
    ASSERT_EQ(all[i].probabilities.size(), 2U);
    EXPECT_EQ(all[i].probabilities[0].size(), 4U);
    float sum = 0;
    for (const float p : all[i].probabilities[0]) sum += p;
    EXPECT_NEAR(sum, 1, 1e-5);
  }
  EXPECT_NE(all[0].probabilities, all[1].probabilities);
}

TEST(Inference, MayAverageWithMirrorImages) {
  const Model model = tiny_model();
  const auto backend = make_ref_backend();
  const auto loader = golden_loader("val.lst", model.preprocessing, batches_of(10));
  Batch batch;
  ASSERT_TRUE(loader->next(batch));
  Tensor mirrored = batch.images.clone();
  const auto width = static_cast<size_t>(mirrored.shape()[3]);
  for (size_t row = 0; row < mirrored.data().size(); row += width) {
    std::ranges::reverse(mirrored.data().subspan(row, width));
  }
  Inference plain(model, 10, *backend), averaged(model, 10, *backend);
  averaged.average_mirrored();
  averaged.run(batch.images);
  for (size_t task = 0; task < 2; ++task) {
    plain.run(batch.images);
    const std::vector<float> first(plain.probabilities(task).begin(),
                                   plain.probabilities(task).end());
    plain.run(mirrored);
    for (size_t i = 0; i < first.size(); ++i) {
      EXPECT_EQ(averaged.probabilities(task)[i], (plain.probabilities(task)[i] + first[i]) / 2);
    }
  }
  EXPECT_NE(plain.probabilities(0)[0], averaged.probabilities(0)[0]);
}

TEST(MostProbable, IsTheLowerOfTwoEqualClasses) {
  EXPECT_EQ(most_probable(std::vector<float>{0.1F, 0.45F, 0.45F}), 1);
  EXPECT_EQ(most_probable(std::vector<float>{0.2F, 0.8F}), 1);
}

// A folder of three pictures, the second of which is none.
class SkippedPicture : public ::testing::Test {
 protected:
  SkippedPicture() {
    std::filesystem::copy(kPictures / "images/00_plain.jpg", folder_.path() / "a.jpg");
    write_file(folder_.path() / "b.jpg", "no picture");
    std::filesystem::copy(kPictures / "images/07_png.png", folder_.path() / "c.png");
    options_.on_bad_image = OnBadImage::kSkip;
    loader_ = std::make_unique<Loader>(list_of_files({folder_.path().string()}), "",
                                       model_.preprocessing, options_);
  }
  testing::TemporaryFolder folder_;
  Model model_ = tiny_model();
  LoaderOptions options_ = batches_of(2);
  std::unique_ptr<Backend> backend_ = make_ref_backend();
  std::unique_ptr<Loader> loader_;
};

TEST_F(SkippedPicture, HasNoAnswer) {
  Inference inference(model_, 2, *backend_, true);
  std::vector<std::string> paths;
  std::vector<float> features;
  predict(inference, model_.tasks, *loader_, [&](Prediction& p) {
    paths.push_back(p.path);
    features.push_back(p.features.front());
    EXPECT_EQ(p.features.size(), inference.features().size() / 2);
  });
  EXPECT_THAT(
      paths, ElementsAre((folder_.path() / "a.jpg").string(), (folder_.path() / "c.png").string()));
  EXPECT_NE(features[0], features[1]);
}

TEST_F(SkippedPicture, CountsNowhere) {
  Inference inference(model_, 2, *backend_);
  EXPECT_EQ(evaluate(inference, model_.tasks, *loader_)[0].sums().weight, 2);
  std::vector<int64_t> positions;
  std::vector<float> first;
  for_each_batch(inference, model_.tasks, *loader_, [&](const BatchAnswers& answers) {
    for (int row = 0; row < answers.count; ++row) {
      positions.push_back(answers.positions[static_cast<size_t>(row)]);
      first.push_back(answers.tasks[0].probabilities[static_cast<size_t>(row) * 4]);
    }
  });
  EXPECT_THAT(positions, ElementsAre(0, 2));
  predict(inference, model_.tasks, *loader_,
          [&](Prediction& p) { EXPECT_EQ(p.probabilities[0][0], first[p.position == 0 ? 0 : 1]); });
}

TEST(ListOfFiles, RefusesAFolderWithoutPictures) {
  const testing::TemporaryFolder folder;
  EXPECT_THAT(testing::refusal_of([&] { (void)list_of_files({folder.path().string()}); }),
              ::testing::HasSubstr("holds no picture"));
}

// softmax(z / 2) of what softmax(z) is without.
TEST(Inference, DividesLogitsByTheTemperature) {
  Model model = tiny_model();
  const auto backend = make_ref_backend();
  const auto loader = golden_loader("val.lst", model.preprocessing, batches_of(2));
  Batch batch;
  ASSERT_TRUE(loader->next(batch));
  Inference plain(model, 2, *backend);
  plain.run(batch.images);
  std::vector<float> wanted(plain.probabilities(0).begin(), plain.probabilities(0).end());
  model.tasks[0].temperature = 2;
  Inference cooled(model, 2, *backend);
  cooled.run(batch.images);
  for (size_t row = 0; row < 2; ++row) {
    const auto values = std::span(wanted).subspan(4 * row, 4);
    change_temperature(model.tasks[0], 0.5, values);
    for (size_t k = 0; k < 4; ++k)
      EXPECT_NEAR(cooled.probabilities(0)[4 * row + k], values[k], 1e-6);
  }
  EXPECT_EQ(cooled.probabilities(1)[0], plain.probabilities(1)[0]);
}

}  // namespace
}  // namespace orthrus
