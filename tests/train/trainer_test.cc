#include "train/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/file.h"
#include "formats/mxnet/checkpoint.h"
#include "graph/passes/rebuild.h"
#include "model/model_file.h"
#include "train/training.h"

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using testing::golden_loader;
using ::testing::HasSubstr;
using testing::kPictures;
using ::testing::MatchesRegex;
using testing::RecordingObserver;
using testing::refusal_of;
using testing::same_bytes;
using ::testing::StartsWith;
using testing::TemporaryFolder;
using testing::tiny_model;

TrainerOptions options_for(int batch_size) {
  TrainerOptions options;
  options.batch_size = batch_size;
  options.end_epoch = 2;
  options.seed = 3;
  options.schedule = {.base = 0.05, .factor = 0.1, .steps = {4}};
  return options;
}

// A trainer with everything that it needs: 16 pictures, shuffled and augmented.
struct Bench {
  explicit Bench(TrainerOptions trainer_options, Model model = tiny_model(),
                 bool validate = false) {
    LoaderOptions loading;
    loading.batch_size = trainer_options.batch_size;
    loading.seed = trainer_options.seed;
    if (validate) validation = golden_loader("val.lst", model.preprocessing, loading);
    loading.shuffle = true;
    loading.augmentation = {.crop = CropRule::kRandom, .random_mirror = true};
    train = golden_loader("train.lst", model.preprocessing, loading);
    trainer = std::make_unique<Trainer>(std::move(model), *train, validation.get(), *backend,
                                        trainer_options, observer);
  }

  RecordingObserver observer;
  std::unique_ptr<Backend> backend = make_ref_backend();
  std::unique_ptr<Loader> train;
  std::unique_ptr<Loader> validation;
  std::unique_ptr<Trainer> trainer;
};

// Steps across the ends of epochs.
void advance(Trainer& trainer, int steps) {
  while (steps > 0) {
    if (trainer.step()) {
      --steps;
    } else {
      trainer.finish_epoch();
    }
  }
}

// What a training may keep besides its parameters.
std::vector<TrainerOptions> kinds_of_training() {
  std::vector<TrainerOptions> kinds(6, options_for(5));
  kinds[1].optimizer = {.name = "nesterov", .clip_norm = 0.5};
  kinds[1].schedule = {.kind = ScheduleKind::kOneCycle, .base = 0.05};
  kinds[1].average_decay = 0.9;
  kinds[2].optimizer = {.name = "adamw"};
  kinds[2].schedule = {.kind = ScheduleKind::kCosine, .base = 0.01, .warmup = 2};
  kinds[4].optimizer = {.name = "lamb", .clip_adaptive = 0.05};
  kinds[4].climb = 0.1;
  kinds[5].optimizer = {.name = "lars", .clip_norm = 0.5};
  kinds[5].averaged_epochs = 2;
  kinds[3].batch_size = 2;  // eight batches, in threes
  kinds[3].accumulate = 3;
  return kinds;
}

// 16 pictures in batches of 5: the fourth is short, so the stops lie within an epoch, before its
// short batch, after it, and in the next epoch.
class StopAndContinue : public ::testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(StopAndContinue, IsBitEqualToNotStopping) {
  constexpr int kAllSteps = 7;
  const auto [steps, kind] = GetParam();
  const TrainerOptions options = kinds_of_training()[static_cast<size_t>(kind)];
  Bench through(options);
  advance(*through.trainer, kAllSteps);
  const TrainerState expected = through.trainer->state();

  TrainerState stopped;
  {
    Bench first(options);
    advance(*first.trainer, steps);
    stopped = first.trainer->state();
  }
  // Through a file, as a resumed training does.
  const TemporaryFolder folder;
  write_checkpoint(folder.path() / "state", {.state = stopped, .inputs = {}});
  stopped = read_checkpoint(folder.path() / "state").state;
  Bench second(options);
  second.trainer->restore(stopped);
  advance(*second.trainer, kAllSteps - steps);
  const TrainerState got = second.trainer->state();

  EXPECT_EQ(got.epoch, expected.epoch);
  EXPECT_EQ(got.updates, kAllSteps);
  EXPECT_EQ(got.loader.batch, expected.loader.batch);
  EXPECT_TRUE(same_bytes(got.parameters, expected.parameters));
  EXPECT_TRUE(same_bytes(got.momentum, expected.momentum));
  EXPECT_TRUE(same_bytes(got.second_moment, expected.second_moment));
  EXPECT_TRUE(same_bytes(got.average, expected.average));
  EXPECT_EQ(got.second_moment.empty(), kind != 2 && kind != 4);
  EXPECT_EQ(got.average.empty(), kind != 1 && kind != 5);
  EXPECT_EQ(got.epoch_sums, expected.epoch_sums);
  EXPECT_EQ(got.window_sums, expected.window_sums);
}

INSTANTIATE_TEST_SUITE_P(Steps, StopAndContinue,
                         ::testing::Combine(::testing::Values(1, 3, 4, 5),
                                            ::testing::Values(0, 1, 2, 3, 4, 5)));

TEST(Trainer, EveryWayOfUsingMemoryGivesTheSameBytes) {
  std::vector<TrainerState> states;
  for (const MemoryMode memory : {MemoryMode::kFast, MemoryMode::kAuto, MemoryMode::kLean}) {
    TrainerOptions options = options_for(5);
    options.memory = memory;
    Bench bench(options);
    advance(*bench.trainer, 3);
    states.push_back(bench.trainer->state());
  }
  EXPECT_TRUE(same_bytes(states[1].parameters, states[0].parameters));
  EXPECT_TRUE(same_bytes(states[2].parameters, states[0].parameters));
}

// Without what looks at a batch as a whole, or at its number: batch statistics and dropout.
Model model_of_single_pictures() {
  Model model = tiny_model();
  model.graph = rebuild(model.graph, model.graph.outputs(), [&](int id) {
    Node node = model.graph.node(id);
    if (auto* dropout = std::get_if<Dropout>(&node.op)) dropout->p = 0;
    if (auto* norm = std::get_if<BatchNorm>(&node.op)) norm->use_global_stats = true;
    return std::optional(node);
  });
  return model;
}

TEST(Trainer, AccumulatedBatchesAreOneBigBatch) {
  // 16 pictures: two updates an epoch, of eight and eight; of twelve and four.
  for (const auto& [batch, accumulate, whole] :
       std::vector<std::tuple<int, int, int>>{{2, 4, 8}, {4, 3, 12}}) {
    TrainerOptions options = options_for(whole);
    options.optimizer.clip_norm = 0.1;  // of the whole update
    Bench one(options, model_of_single_pictures());
    options.batch_size = batch;
    options.accumulate = accumulate;
    Bench many(options, model_of_single_pictures());
    for (Bench* bench : {&one, &many}) {
      while (bench->trainer->step()) {
      }
    }
    ASSERT_EQ(many.observer.steps.size(), 2U);
    EXPECT_EQ(many.observer.steps[0].pictures, whole);
    EXPECT_EQ(many.observer.steps[1].update, 2);
    EXPECT_EQ(many.observer.steps[1].pictures, 16 - whole);
    EXPECT_EQ(many.observer.steps[1].epoch_sums[0].weight, 16);
    const TrainerState expected = one.trainer->state(), got = many.trainer->state();
    for (const auto& [name, tensor] : expected.parameters) {
      const std::span<const float> want = tensor.data(), values = got.parameters.at(name).data();
      for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(values[i], want[i], 1e-6) << name;
    }
  }
}

TEST(Trainer, ContinuesFromTheEndOfAnEpochBitForBit) {
  Bench through(options_for(8));
  through.trainer->run();
  Bench first(options_for(8)), second(options_for(8));
  while (first.trainer->step()) {
  }
  first.trainer->finish_epoch();
  const TrainerState between = first.trainer->state();
  EXPECT_EQ(between.loader.epoch, 1U);
  EXPECT_EQ(between.epoch_sums[0], MetricSums{});
  second.trainer->restore(between);
  second.trainer->run();
  EXPECT_TRUE(same_bytes(second.trainer->state().parameters, through.trainer->state().parameters));
  EXPECT_EQ(second.observer.epochs.back().train, through.observer.epochs.back().train);
}

TEST(Trainer, StateOfADifferentStepDiffers) {
  Bench bench(options_for(5));
  advance(*bench.trainer, 1);
  const TrainerState before = bench.trainer->state();
  advance(*bench.trainer, 1);
  const TrainerState after = bench.trainer->state();
  EXPECT_FALSE(same_bytes(before.parameters, after.parameters));
  EXPECT_FALSE(same_bytes(before.momentum, after.momentum));
  EXPECT_EQ(after.momentum.size(), 7U);  // conv, gamma, beta, and two of each head
}

TEST(Trainer, CountsOnlyRealPicturesOfTheLastBatch) {
  Bench bench(options_for(5));
  while (bench.trainer->step()) {
  }
  ASSERT_EQ(bench.observer.steps.size(), 4U);
  EXPECT_EQ(bench.observer.steps.back().pictures, 1);
  EXPECT_EQ(bench.observer.steps.back().epoch_sums[0].weight, 16);
  EXPECT_EQ(bench.observer.steps.back().epoch_sums[1].weight, 16);
}

TEST(Trainer, WritesTheLinesAndFilesOfMxnetsFit) {
  const TemporaryFolder folder;
  TrainerOptions options = options_for(8);
  options.first_epoch = 5;
  options.end_epoch = 6;
  options.speed_every = 1;
  options.mxnet_prefix = (folder.path() / "tiny").string();
  Bench bench(options, tiny_model(), true);
  bench.trainer->run();
  const std::string number = "[01]\\.[0-9]+";
  EXPECT_THAT(
      bench.observer.lines,
      ElementsAre(
          MatchesRegex("Epoch.5. Batch .1.\tSpeed: [0-9.]+ samples/sec\tmulti_accuracy-task0=" +
                       number + "\tmulti_accuracy-task1=" + number),
          MatchesRegex("Epoch.5. Train-multi_accuracy-task0=" + number),
          MatchesRegex("Epoch.5. Train-multi_accuracy-task1=" + number),
          MatchesRegex("Epoch.5. Time cost=[0-9.]+"),
          "Saved checkpoint to \"" + options.mxnet_prefix + "-0006.params\"",
          MatchesRegex("Epoch.5. Validation-multi_accuracy-task0=" + number),
          MatchesRegex("Epoch.5. Validation-multi_accuracy-task1=" + number)));
  ASSERT_EQ(bench.observer.epochs.size(), 1U);
  EXPECT_EQ(bench.observer.epochs[0].validation[0].weight, 10);

  const mxnet::Checkpoint saved = mxnet::load_checkpoint(options.mxnet_prefix, 6);
  EXPECT_TRUE(same_bytes(saved.parameters, bench.trainer->state().parameters));
  EXPECT_FALSE(saved.graph.find("softmax_sample_weight"));
}

TEST(Trainer, NamesTheLayerWhereTheLossStopsBeingFinite) {
  Model model = tiny_model();
  model.parameters["fc_weight"].data()[0] = std::numeric_limits<float>::quiet_NaN();
  Bench bench(options_for(8), std::move(model));
  EXPECT_THAT(refusal_of([&] { bench.trainer->step(); }),
              StartsWith("epoch 0, batch 1: the loss of task 'softmax' is not a finite number; it "
                         "began in 'fc_weight'"));
}

TEST(Trainer, NeverSavesAParameterThatIsNotFinite) {
  const TemporaryFolder folder;
  TrainerOptions options = options_for(8);
  options.mxnet_prefix = (folder.path() / "tiny").string();
  Model model = tiny_model();
  model.parameters["conv_weight"].data()[0] = std::numeric_limits<float>::infinity();
  Bench bench(options, std::move(model));
  EXPECT_THAT(refusal_of([&] { bench.trainer->run(); }), HasSubstr("began in 'conv_weight'"));
  EXPECT_THAT(mxnet::saved_epochs(options.mxnet_prefix), ::testing::IsEmpty());
}

TEST(Trainer, WritesACheckpointWhenItIsStopped) {
  const TemporaryFolder folder;
  TrainerOptions options = options_for(8);
  options.mxnet_prefix = (folder.path() / "tiny").string();
  CheckpointFolder checkpoints(folder.path() / "checkpoints", {}, {.minutes = 0});
  options.checkpoints = &checkpoints;
  int asked = 0;
  // Asked after each of the two batches, after the epoch, then after the third batch.
  options.stop = [&asked]() -> std::optional<ErrorKind> {
    if (++asked < 4) return std::nullopt;
    return ErrorKind::kTerminated;
  };
  Bench bench(options);
  try {
    bench.trainer->run();
    FAIL() << "not stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kTerminated);
    EXPECT_THAT(error.message(), HasSubstr("stopped in epoch 1 after 3 updates"));
    EXPECT_THAT(error.hint(), HasSubstr("--resume"));
  }
  EXPECT_THAT(mxnet::saved_epochs(options.mxnet_prefix), ElementsAre(1));
  const CheckpointFolder::Newest newest = checkpoints.newest();
  ASSERT_TRUE(newest.checkpoint);
  EXPECT_EQ(newest.checkpoint->state.updates, 3);
  EXPECT_TRUE(same_bytes(newest.checkpoint->state.parameters, bench.trainer->state().parameters));
}

// The learning rate that makes the first update spoil everything, until it was halved often enough.
TEST(Trainer, RollsBackWithASmallerRateWhenTheLossIsNoNumber) {
  const TemporaryFolder folder;
  TrainerOptions options = options_for(8);
  options.schedule.base = 1e30;
  options.schedule.steps = {};
  options.on_nan = OnNan::kRollback;
  options.bad_steps = folder.path();
  options.end_epoch = 2;
  CheckpointFolder checkpoints(folder.path() / "checkpoints", {}, {.minutes = 0});
  options.checkpoints = &checkpoints;
  Bench hopeless(options);  // from its start
  EXPECT_THAT(refusal_of([&] { hopeless.trainer->run(); }), HasSubstr("was halved 10 times"));

  Bench start(options);
  checkpoints.start_write(start.trainer->state());
  Bench bench(options);
  EXPECT_THAT(refusal_of([&] { bench.trainer->run(); }), HasSubstr("was halved 10 times"));
  ASSERT_EQ(bench.observer.warnings.size(), 10U);
  EXPECT_THAT(bench.observer.warnings[0], HasSubstr("back to the start, with the learning rate"));
  EXPECT_EQ(bench.observer.steps.back().learning_rate, std::ldexp(1e30, -10));
}

TEST(Trainer, ReplaysTheStepThatGaveNoNumber) {
  const TemporaryFolder folder;
  TrainerOptions options = options_for(8);
  options.bad_steps = folder.path();
  Model model = tiny_model();
  model.parameters["fc_weight"].data()[0] = std::numeric_limits<float>::quiet_NaN();
  Bench bench(options, std::move(model));
  const std::filesystem::path file = folder.path() / "bad-step-0000000000.safetensors";
  EXPECT_THAT(refusal_of([&] { bench.trainer->run(); }), HasSubstr("--replay " + file.string()));
  Bench other(options_for(8));
  const std::vector<std::string> lines = other.trainer->replay(read_bad_step(file));
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("the first that is not finite: 'fc_weight'")));
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("the first gradient that is not finite")));
}

TEST(Trainer, WritesTheLastAndTheBestModel) {
  const TemporaryFolder folder;
  TrainerOptions options = options_for(8);
  options.end_epoch = 3;
  options.last = folder.path() / "last.safetensors";
  options.best = folder.path() / "best.safetensors";
  Bench bench(options, tiny_model(), true);
  bench.trainer->run();
  const Model last = read_model(options.last);
  EXPECT_TRUE(same_bytes(last.parameters, bench.trainer->state().parameters));
  const int best = best_epoch(bench.observer.epochs, true);
  EXPECT_EQ(describe_model(options.best).notes.at("epoch"), std::to_string(best));
}

// The mean of two epochs' ends, computed from two trainings that end there.
TEST(Trainer, AveragesTheLastEpochs) {
  const TemporaryFolder folder;
  TrainerOptions options = options_for(8);
  options.end_epoch = 3;
  options.schedule.steps = {};
  std::vector<NamedTensors> ends;
  for (const int epochs : {2, 3}) {
    TrainerOptions plain = options;
    plain.end_epoch = epochs;
    Bench bench(plain);
    bench.trainer->run();
    ends.push_back(bench.trainer->state().parameters);
  }
  options.averaged_epochs = 2;
  options.last = folder.path() / "last.safetensors";
  options.best = folder.path() / "best.safetensors";
  Bench bench(options, tiny_model(), true);
  bench.trainer->run();
  EXPECT_TRUE(same_bytes(bench.trainer->state().parameters, ends[1]))
      << "the training goes on from its own weights";
  const NamedTensors saved = read_model(options.last).parameters;
  for (const auto& [name, tensor] : saved) {
    const bool statistic = name.find("moving") != std::string::npos;
    for (size_t i = 0; i < tensor.data().size(); ++i) {
      const double mean = 0.5 * ends[0].at(name).data()[i] + 0.5 * ends[1].at(name).data()[i];
      if (!statistic) {
        EXPECT_NEAR(tensor.data()[i], mean, 1e-6) << name << " " << i;
      }
    }
  }
  // Their statistics are those of the epoch's two batches, not the slow ones of the training.
  Bench again(options, tiny_model());
  PlanOptions training;
  training.training = true;
  Plan plan(tiny_model().graph, {{"data", {8, 3, 8, 8}}}, *again.backend, training);
  plan.load_parameters(saved);
  again.train->start_epoch(2);
  Batch batch;
  std::vector<double> sums(4, 0);
  while (again.train->next(batch)) {
    std::ranges::copy(batch.images.data(), plan.input("data").begin());
    plan.forward({.seed = 3});
    NamedTensors kept;
    plan.store_parameters(kept);
    for (size_t c = 0; c < sums.size(); ++c) {
      sums[c] +=
          (kept.at("bn_moving_mean").data()[c] - 0.9 * saved.at("bn_moving_mean").data()[c]) / 0.1;
    }
    plan.load_parameters(saved);
  }
  for (size_t c = 0; c < sums.size(); ++c) {
    EXPECT_NEAR(saved.at("bn_moving_mean").data()[c], sums[c] / 2, 1e-5) << c;
  }
}

// A stop in the validation behind the last epoch's mean, and on from its checkpoint.
TEST(Trainer, AveragesNoEpochTwice) {
  const TemporaryFolder folder;
  TrainerOptions options = options_for(8);
  options.end_epoch = 3;
  options.averaged_epochs = 2;
  Bench through(options, tiny_model(), true);
  through.trainer->run();
  const TrainerState expected = through.trainer->state();

  bool asked = false;
  options.stop = [&asked]() -> std::optional<ErrorKind> {
    if (asked) return ErrorKind::kInterrupted;
    return std::nullopt;
  };
  Bench first(options, tiny_model(), true);
  first.trainer->run(2);
  while (first.trainer->step()) {
  }
  asked = true;
  EXPECT_THROW(first.trainer->finish_epoch(), Error);
  const TrainerState stopped = first.trainer->state();
  asked = false;
  Bench second(options, tiny_model(), true);
  second.trainer->restore(stopped);
  second.trainer->run();
  EXPECT_TRUE(same_bytes(second.trainer->state().parameters, expected.parameters));
  EXPECT_TRUE(same_bytes(second.trainer->state().average, expected.average));
  EXPECT_EQ(second.trainer->state().updates, expected.updates);
}

// The gradient's place moves; the running statistics and the number of updates do not.
TEST(Trainer, ClimbsWithoutATrace) {
  TrainerOptions options = options_for(8);
  const auto after_one_step = [](const TrainerOptions& of) {
    Bench bench(of);
    bench.trainer->step();
    return bench.trainer->state();
  };
  const TrainerState plain = after_one_step(options);
  options.climb = 0.05;
  const TrainerState sam = after_one_step(options);
  EXPECT_TRUE(same_bytes({{"mean", sam.parameters.at("bn_moving_mean")}},
                         {{"mean", plain.parameters.at("bn_moving_mean")}}));
  EXPECT_EQ(sam.updates, 1);
  EXPECT_EQ(sam.epoch_sums, plain.epoch_sums);
  EXPECT_FALSE(same_bytes(sam.momentum, plain.momentum));
  options.climb = 1e-9;
  const TrainerState hardly = after_one_step(options);
  for (const auto& [name, tensor] : plain.momentum) {
    for (size_t i = 0; i < tensor.data().size(); ++i) {
      EXPECT_NEAR(hardly.momentum.at(name).data()[i], tensor.data()[i], 1e-6) << name;
    }
  }
}

TEST(Trainer, ValidatesAndSavesTheAverage) {
  const TemporaryFolder folder;
  TrainerOptions options = options_for(8);
  options.average_decay = 0.9;
  options.last = folder.path() / "last.safetensors";
  options.best = folder.path() / "best.safetensors";
  Bench bench(options, tiny_model(), true);
  bench.trainer->run();
  const TrainerState state = bench.trainer->state();
  const Model saved = read_model(options.last);
  EXPECT_TRUE(same_bytes(saved.parameters, state.average));
  EXPECT_FALSE(same_bytes(state.parameters, state.average));
}

TEST(Trainer, EndsWhenItIsNoLongerGettingBetter) {
  TrainerOptions options = options_for(8);
  options.schedule.base = 0;  // nothing ever changes but BatchNorm's statistics
  options.end_epoch = 50;
  options.patience = 3;
  Bench bench(options, tiny_model(), true);
  bench.trainer->run();
  const auto& epochs = bench.observer.epochs;
  EXPECT_LT(epochs.size(), 50U);
  EXPECT_EQ(std::ssize(epochs) - 1 - best_epoch(epochs, true), 3);
  EXPECT_THAT(bench.observer.notes, ::testing::Contains(HasSubstr("no better in 3 epochs")));
  // Resumed, it has nothing more to do.
  Bench again(options, tiny_model(), true);
  again.trainer->restore(bench.trainer->state());
  again.trainer->run();
  EXPECT_TRUE(again.observer.steps.empty());
}

TEST(Trainer, LearnsTheTwoTasksOfAFewPictures) {
  TrainerOptions options = options_for(16);
  options.end_epoch = 60;
  options.schedule.steps = {};
  Bench bench(options);
  bench.trainer->run();
  EXPECT_LT(bench.observer.epochs.back().train[0].mean_loss(),
            0.7 * bench.observer.epochs.front().train[0].mean_loss());
}

}  // namespace
}  // namespace orthrus
