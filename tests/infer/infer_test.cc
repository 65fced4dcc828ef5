#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "infer/evaluate.h"
#include "infer/predict.h"
#include "model/networks.h"

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
    const std::vector<MetricSums> sums =
        evaluate(inference, model.tasks, *loader, [&](int64_t count) { done.push_back(count); });
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
  EXPECT_EQ(evaluate(inference, model.tasks, *loader)[0].weight, 12);
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
  predict(inference, model.tasks.size(), loader, [&](const Prediction& p) { all.push_back(p); });
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

TEST(Prediction, IsTheLowerOfTwoEqualClasses) {
  const Prediction prediction{.path = "x", .probabilities = {{0.1F, 0.45F, 0.45F}, {0.2F, 0.8F}}};
  EXPECT_EQ(prediction.best(0), 1);
  EXPECT_EQ(prediction.best(1), 1);
}

}  // namespace
}  // namespace orthrus
