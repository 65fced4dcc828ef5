#include "train/phases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/builders/resnet.h"
#include "model/model_file.h"
#include "train/run_fixture.h"

namespace orthrus {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::refusal_of;
using testing::Run;

// A network that takes pictures of any size.
class Progressive : public Run {
 protected:
  void SetUp() override {
    Run::SetUp();
    request_.model = "resnet14_small";
    request_.mxnet_name.clear();
    request_.preprocessing.height = request_.preprocessing.width = 16;
    request_.preprocessing.resize = 16;
    request_.progressive = {8, 12};
    request_.end_epoch = 4;
    request_.schedule = {.kind = ScheduleKind::kCosine, .base = 0.01};
    backend_ = make_cpu_backend();
  }
};

Model network_of(int64_t height, int64_t width, int64_t resize) {
  Model model;
  model.graph = build_network("resnet14_small", 4);
  model.input = "data";
  model.preprocessing = {.height = height, .width = width, .resize = resize};
  return model;
}

TEST(TrainingPhases, DivideTheEpochs) {
  const Model model = network_of(32, 48, 40);
  const TrainedPart whole;
  TrainRequest request{.first_epoch = 2, .end_epoch = 9, .progressive = {16, 24}};
  const std::vector<TrainingPhase> phases = training_phases(request, model, whole);
  ASSERT_EQ(phases.size(), 3U);
  EXPECT_EQ(phases[0].end_epoch, 4);
  EXPECT_EQ(phases[0].preprocessing.height, 16);
  EXPECT_EQ(phases[0].preprocessing.width, 24);
  EXPECT_EQ(phases[0].preprocessing.resize, 20);
  EXPECT_EQ(phases[1].end_epoch, 6);
  EXPECT_EQ(phases[1].preprocessing.height, 24);
  EXPECT_EQ(phases[2], (TrainingPhase{9, model.preprocessing}));
  request.end_epoch = 3;  // one epoch: only the network's own size is left
  EXPECT_EQ(training_phases(request, model, whole),
            (std::vector{TrainingPhase{3, model.preprocessing}}));
  request.progressive.clear();
  EXPECT_EQ(training_phases(request, model, whole).size(), 1U);
}

TEST(TrainingPhases, RefuseSizesThatDoNotGrow) {
  const Model model = network_of(32, 32, 32);
  for (const std::vector<int64_t>& edges :
       {std::vector<int64_t>{24, 16}, {32}, {16, 16}, {64}, {0}}) {
    const TrainRequest request{.end_epoch = 9, .progressive = edges};
    EXPECT_THAT(refusal_of([&] { (void)training_phases(request, model, {}); }),
                HasSubstr("does not lie between"));
  }
}

TEST_F(Progressive, TrainsEachPartOfTheEpochsInItsSize) {
  train();
  EXPECT_EQ(observer_.epochs.size(), 4U);
  EXPECT_THAT(observer_.notes, Contains(HasSubstr("until epoch 0: pictures of 8x8")));
  EXPECT_THAT(observer_.notes, Contains(HasSubstr("until epoch 1: pictures of 12x12")));
  EXPECT_THAT(observer_.notes, Contains(HasSubstr("until epoch 3: pictures of 16x16")));
  EXPECT_EQ(observer_.steps.back().end_epoch, 4);
  // One schedule over all of them.
  EXPECT_LT(observer_.steps.back().learning_rate, 5e-4);
  EXPECT_GT(observer_.steps.front().learning_rate, 9e-3);
  EXPECT_EQ(read_model(out_ / "last.safetensors").preprocessing.height, 16);
}

TEST_F(Progressive, GoesOnInAnyPhaseToTheSameBytes) {
  train();
  const std::filesystem::path whole = out_ / "last.safetensors";
  for (const int stop : {1, 2, 3}) {
    SCOPED_TRACE(stop);
    out_ = folder_.path() / ("stopped" + std::to_string(stop));
    int steps = 0;
    request_.stop = [&]() -> std::optional<ErrorKind> {
      // After as many epochs and two more steps.
      const auto per_epoch =
          static_cast<int>(observer_.steps.empty() ? 1000 : observer_.steps.back().batches);
      if (++steps > stop * per_epoch + 2) return ErrorKind::kInterrupted;
      return std::nullopt;
    };
    EXPECT_THAT(refusal(), HasSubstr("stopped in epoch"));
    request_.stop = nullptr;
    request_.resume = true;
    train();
    request_.resume = false;
    EXPECT_EQ(read_file(out_ / "last.safetensors"), read_file(whole));
    EXPECT_THAT(observer_.warnings, ::testing::Not(Contains(HasSubstr("changed since"))));
  }
}

TEST_F(Progressive, NeedsANetworkOfAnySize) {
  Run::SetUp();
  request_.progressive = {4};
  request_.end_epoch = 2;
  EXPECT_THAT(refusal(), HasSubstr("its parameters are made for 8x8"));
}

TEST_F(Progressive, NeedsPictures) {
  request_.part = {.items = {"heads"}};
  EXPECT_THAT(refusal(), HasSubstr("the trained part reads features"));
}

}  // namespace
}  // namespace orthrus
