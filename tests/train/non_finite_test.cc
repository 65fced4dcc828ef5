// What a training does when a value is not finite: where it began, what is saved of that step, and
// the way back. A source of batches spoils an image at a chosen place; trainings without the fault
// say what is right.
#include "train/non_finite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/file.h"
#include "train/training.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using testing::golden_loader;
using ::testing::HasSubstr;
using testing::RecordingObserver;
using testing::refusal_of;
using testing::same_bytes;
using ::testing::StartsWith;
using testing::TemporaryFolder;
using testing::tiny_model;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

// Batches of another source, of which one has a pixel that is not finite.
class SpoilingSource : public BatchSource {
 public:
  SpoilingSource(BatchSource& source, LoaderState at, bool once)
      : source_(source), at_(at), once_(once) {}
  int64_t batches_per_epoch() const override { return source_.batches_per_epoch(); }
  size_t list_size() const override { return source_.list_size(); }
  void start_epoch(uint64_t epoch) override { source_.start_epoch(epoch); }
  LoaderState state() const override { return source_.state(); }
  void restore(const LoaderState& state) override { source_.restore(state); }
  bool next(Batch& batch) override {
    const LoaderState state = source_.state();
    if (!source_.next(batch)) return false;
    if (state.epoch != at_.epoch || state.batch != at_.batch || (once_ && spoilt_)) return true;
    spoilt_ = true;
    batch.images.data()[0] = kNan;
    return true;
  }

 private:
  BatchSource& source_;
  LoaderState at_;
  bool once_;
  bool spoilt_ = false;
};

constexpr LoaderState kNowhere = {.epoch = 99, .batch = 0};

// A trainer with everything that it needs: 16 images in batches of 2, shuffled and augmented.
struct Workshop {
  explicit Workshop(const TrainerOptions& options, LoaderState spoilt = kNowhere, bool once = false,
                    Model model = tiny_model(), bool validate = false) {
    LoaderOptions loading;
    loading.batch_size = options.batch_size;
    loading.seed = options.seed;
    if (validate) validation = golden_loader("val.lst", model.preprocessing, loading);
    loading.shuffle = true;
    loading.augmentation = {.crop = CropRule::kRandom, .random_mirror = true};
    loader = golden_loader("train.lst", model.preprocessing, loading);
    train.emplace(*loader, spoilt, once);
    trainer = std::make_unique<Trainer>(std::move(model), *train, validation.get(), *backend,
                                        options, observer);
  }
  void advance(int64_t updates) {
    while (updates > 0) {
      if (trainer->step()) {
        --updates;
      } else {
        trainer->finish_epoch();
      }
    }
  }

  RecordingObserver observer;
  std::unique_ptr<Backend> backend = make_ref_backend();
  std::unique_ptr<Loader> loader, validation;
  std::optional<SpoilingSource> train;
  std::unique_ptr<Trainer> trainer;
};

TrainerOptions options_of(double rate) {
  TrainerOptions options;
  options.batch_size = 2;
  options.end_epoch = 3;
  options.seed = 3;
  options.schedule = {.base = rate};
  return options;
}

bool finite(const NamedTensors& tensors) {
  return std::ranges::all_of(tensors, [](const auto& entry) {
    return std::ranges::all_of(entry.second.data(), [](float v) { return std::isfinite(v); });
  });
}

BadStep only_bad_step(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with("bad-step-")) files.push_back(entry.path());
  }
  EXPECT_EQ(files.size(), 1U);
  return read_bad_step(files.at(0));
}

// What a training may keep from step to step.
std::vector<TrainerOptions> kinds_of_state() {
  std::vector<TrainerOptions> kinds(6, options_of(0.05));
  kinds[1].optimizer = {.name = "nesterov", .clip_norm = 0.5};
  kinds[1].average_decay = 0.9;
  kinds[2].optimizer = {.name = "adamw"};
  kinds[2].schedule = {.kind = ScheduleKind::kCosine, .base = 0.01, .warmup = 2};
  kinds[3].accumulate = 3;
  kinds[4].climb = 0.1;
  kinds[5].averaged_epochs = 2;
  return kinds;
}

class BadImage : public ::testing::TestWithParam<std::tuple<size_t, bool>> {};

// Of a network whose ReLU hides it from the loss, so that it is noticed at the end of the epoch. In
// the second epoch, with or without a checkpoint at the end of the first: what is saved is the
// state of a training that was never spoilt, right before that batch.
TEST_P(BadImage, LeavesTheStateBeforeItsStep) {
  const auto [kind, with_checkpoints] = GetParam();
  TrainerOptions options = kinds_of_state()[kind];
  const TemporaryFolder folder;
  CheckpointFolder checkpoints(folder.path() / "checkpoints", {}, {.minutes = 0});
  options.bad_steps = folder.path();
  if (with_checkpoints) options.checkpoints = &checkpoints;
  constexpr uint64_t kBatch = 6;
  Workshop spoilt(options, {.epoch = 1, .batch = kBatch});
  EXPECT_THAT(refusal_of([&] { spoilt.trainer->run(); }),
              AllOf(StartsWith("epoch 1, batch 7: "),
                    HasSubstr("not a finite number; it began in "
                              "'conv'"),
                    HasSubstr("lower --lr, which is "), HasSubstr("--replay ")));
  const BadStep saved = only_bad_step(folder.path());
  EXPECT_TRUE(saved.traced);
  const int64_t of_epoch = updates_per_epoch(8, options.accumulate);
  EXPECT_EQ(saved.updates, of_epoch + static_cast<int64_t>(kBatch) / options.accumulate);
  EXPECT_EQ(saved.step, saved.updates * options.accumulate);
  EXPECT_TRUE(std::isnan(saved.data.images.data()[0]));

  options.bad_steps.clear();
  options.checkpoints = nullptr;
  Workshop whole(options);
  whole.advance(saved.updates);
  EXPECT_TRUE(same_bytes(saved.parameters, whole.trainer->state().parameters));
  EXPECT_TRUE(finite(saved.parameters));
  EXPECT_THAT(whole.trainer->replay(saved),
              AllOf(Contains(HasSubstr("forward: the first that is not finite: 'conv'")),
                    Contains(HasSubstr("backward: the first gradient that is not finite: '"))));
}

INSTANTIATE_TEST_SUITE_P(Kinds, BadImage,
                         ::testing::Combine(::testing::Range<size_t>(0, 6), ::testing::Bool()));

// A rate with which the values overflow, first where no loss shows it.
TEST(NonFinite, FindsTheFirstBadStepThoughALaterOneIsNoticed) {
  for (const double rate : {1e8, 1e10, 1e15, 1e25, 1e30, 1e37}) {
    const TemporaryFolder folder;
    TrainerOptions options = options_of(rate);
    options.bad_steps = folder.path();
    Workshop wild(options);
    EXPECT_NE(refusal_of([&] { wild.trainer->run(); }), "") << rate;
    const BadStep saved = only_bad_step(folder.path());
    EXPECT_TRUE(saved.traced);
    EXPECT_TRUE(finite(saved.parameters)) << rate;
    options.bad_steps.clear();
    Workshop again(options);
    again.advance(saved.updates);
    EXPECT_TRUE(same_bytes(saved.parameters, again.trainer->state().parameters)) << rate;
    EXPECT_THAT(again.trainer->replay(saved), Contains(HasSubstr("that is not finite: '"))) << rate;
  }
}

TEST(NonFinite, ReplaysAnUpdateThatOverflows) {
  const TemporaryFolder folder;
  TrainerOptions options = options_of(1e38);
  options.optimizer.weight_decay = 1e6;
  options.bad_steps = folder.path();
  Workshop wild(options);
  EXPECT_THAT(refusal_of([&] { wild.trainer->run(); }),
              AllOf(StartsWith("epoch 0, batch 1: a value of '"), HasSubstr("after the update")));
  const BadStep saved = only_bad_step(folder.path());
  EXPECT_FALSE(saved.momentum.empty());
  options.bad_steps.clear();
  EXPECT_THAT(Workshop(options).trainer->replay(saved),
              AllOf(Contains("forward: every value is finite"),
                    Contains("backward: every gradient is finite"),
                    Contains(HasSubstr("update: the first parameter that is not finite: '"))));
}

// Spoilt once only: the replay cannot show it, and the way back is open.
class RollBack : public ::testing::TestWithParam<size_t> {};

TEST_P(RollBack, ToTheStartIsATrainingWithHalfTheRate) {
  TrainerOptions options = kinds_of_state()[GetParam()];
  const TemporaryFolder folder;
  CheckpointFolder checkpoints(folder.path() / "checkpoints", {}, {.minutes = 0});
  options.bad_steps = folder.path();
  options.checkpoints = &checkpoints;
  options.on_nan = OnNan::kRollback;
  Workshop spoilt(options, {.epoch = 0, .batch = 4}, true);
  EXPECT_TRUE(spoilt.trainer->run());
  EXPECT_THAT(
      spoilt.observer.warnings,
      ::testing::ElementsAre(HasSubstr("the replay did not show where that began"),
                             HasSubstr("back to the start, with the learning rate halved")));
  EXPECT_FALSE(only_bad_step(folder.path()).traced);

  TrainerOptions half = kinds_of_state()[GetParam()];
  half.schedule.base /= 2;
  Workshop reference(half);
  EXPECT_TRUE(reference.trainer->run());
  const TrainerState got = spoilt.trainer->state(), expected = reference.trainer->state();
  EXPECT_TRUE(same_bytes(got.parameters, expected.parameters));
  EXPECT_TRUE(same_bytes(got.momentum, expected.momentum));
  EXPECT_TRUE(same_bytes(got.average, expected.average));
  EXPECT_EQ(got.rollbacks, 1);
}

INSTANTIATE_TEST_SUITE_P(Kinds, RollBack, ::testing::Range<size_t>(0, 6));

TEST(NonFinite, RollsBackToTheLastCheckpointAndFromThereTheSameWhenResumed) {
  const TemporaryFolder folder;
  TrainerOptions options = options_of(0.05);
  CheckpointFolder checkpoints(folder.path() / "checkpoints", {}, {.minutes = 0, .keep = 9});
  options.bad_steps = folder.path();
  options.checkpoints = &checkpoints;
  options.on_nan = OnNan::kRollback;
  Workshop spoilt(options, {.epoch = 1, .batch = 4}, true);
  EXPECT_TRUE(spoilt.trainer->run());
  EXPECT_THAT(spoilt.observer.warnings, Contains(HasSubstr("back to update 8, with")));
  EXPECT_EQ(spoilt.observer.steps.back().learning_rate, 0.025);

  // From the checkpoint of the second epoch's end.
  const Checkpoint middle =
      read_checkpoint(folder.path() / "checkpoints/step-0000000016.safetensors");
  EXPECT_EQ(middle.state.rollbacks, 1);
  Workshop resumed(options);
  resumed.trainer->restore(middle.state);
  EXPECT_TRUE(resumed.trainer->run());
  EXPECT_TRUE(same_bytes(resumed.trainer->state().parameters, spoilt.trainer->state().parameters));
}

// The weights of the last layer are so large that only the running statistics let it overflow.
Model overflowing_in_validation() {
  Model model = tiny_model();
  for (float& value : model.parameters["fc_weight"].data()) value *= 1e36F;
  for (float& value : model.parameters["bn_moving_mean"].data()) value = -1e6F;
  return model;
}

TEST(NonFinite, SavesTheBatchOfTheValidation) {
  const TemporaryFolder folder;
  TrainerOptions options = options_of(0);
  options.optimizer.weight_decay = 0;
  options.bad_steps = folder.path();
  Workshop wild(options, kNowhere, false, overflowing_in_validation(), true);
  EXPECT_THAT(refusal_of([&] { wild.trainer->run(); }),
              AllOf(StartsWith("epoch 0, batch 1 of the validation: a prediction of task 'softmax' "
                               "is not a finite number; it began in '"),
                    HasSubstr("lower --lr")));
  EXPECT_TRUE(wild.observer.epochs.empty());
  const BadStep saved = only_bad_step(folder.path());
  EXPECT_TRUE(saved.validation);
  EXPECT_TRUE(same_bytes(saved.parameters, wild.trainer->state().parameters));
  Workshop other(options);
  EXPECT_THAT(other.trainer->replay(saved),
              AllOf(Contains("predictions of task 'softmax': not finite"),
                    Contains(HasSubstr("forward: the first that is not finite: '"))));
}

TEST(NonFinite, RollsBackFromAValidation) {
  const TemporaryFolder folder;
  TrainerOptions options = options_of(0);
  options.optimizer.weight_decay = 0;
  options.bad_steps = folder.path();
  options.on_nan = OnNan::kRollback;
  Workshop wild(options, kNowhere, false, overflowing_in_validation(), true);
  EXPECT_THAT(refusal_of([&] { wild.trainer->run(); }), HasSubstr("was halved 10 times"));
  ASSERT_EQ(wild.observer.warnings.size(), 10U);
  EXPECT_THAT(wild.observer.warnings[9],
              AllOf(HasSubstr("of the validation"), HasSubstr("back to the start")));
}

TEST(NonFinite, NeverChecksInAnOptimizerStateThatIsNotFinite) {
  const TemporaryFolder folder;
  TrainerOptions options = options_of(0.01);
  options.optimizer = {.name = "adamw"};
  CheckpointFolder checkpoints(folder.path() / "checkpoints", {}, {.minutes = 0});
  options.checkpoints = &checkpoints;
  Workshop bench(options);
  TrainerState state = bench.trainer->state();
  state.second_moment.at("fc_weight").data()[1] = kInf;
  bench.trainer->restore(state);
  EXPECT_THAT(refusal_of([&] { bench.trainer->run(); }),
              HasSubstr("the optimizer's state of 'fc_weight' is not finite"));
  EXPECT_FALSE(checkpoints.newest().checkpoint);
}

// Too large for any rate: the checkpoint is given up for the one before, then for the start.
TEST(NonFinite, GivesUpACheckpointThatFailsAgain) {
  const TemporaryFolder folder;
  TrainerOptions options = options_of(0.05);
  CheckpointFolder checkpoints(folder.path() / "checkpoints", {}, {.minutes = 0, .keep = 9});
  options.checkpoints = &checkpoints;
  options.on_nan = OnNan::kRollback;
  Workshop spoilt(options, {.epoch = 2, .batch = 1});
  EXPECT_THAT(refusal_of([&] { spoilt.trainer->run(); }), HasSubstr("was halved 10 times"));
  std::vector<std::string> places;
  for (const std::string& warning : spoilt.observer.warnings) {
    places.push_back(warning.substr(warning.find("back to ") + 8));
    places.back().resize(places.back().find(','));
  }
  EXPECT_THAT(places, ::testing::ElementsAre("update 16", "update 16", "update 8", "update 8",
                                             "the start", "the start", "the start", "the start",
                                             "the start", "the start"));
}

// Rates at which the values overflow several times, with checkpoints in between. It is cut off
// after every ninth of its steps in turn, by a kill or by a stop, and resumed: the same bytes in
// the end, and the same way there.
struct Ended {
  TrainerState state;
  std::vector<std::string> warnings;
};

struct Killed {};

// After `steps` steps of this process, or at its own end. Nothing in the second case.
class CutOff : public RecordingObserver {
 public:
  void after_step(const StepReport& report) override {
    RecordingObserver::after_step(report);
    if (--left == 0 && kill) throw Killed();
  }
  int left = 0;
  bool kill = false;
};

class CutOffWithRollbacks : public ::testing::TestWithParam<bool> {
 protected:
  // Resumes where the folder has a checkpoint; `cut_after` 0: to the end.
  static std::optional<Ended> train(const std::filesystem::path& folder, int cut_after, bool kill) {
    TrainerOptions options = options_of(4e5);
    options.on_nan = OnNan::kRollback;
    options.end_epoch = 4;
    options.schedule.warmup = 20;
    CheckpointFolder checkpoints(folder / "checkpoints", {}, {.minutes = 0, .steps = 3});
    options.checkpoints = &checkpoints;
    options.bad_steps = folder;
    LoaderOptions loading;
    loading.batch_size = options.batch_size;
    loading.seed = options.seed;
    loading.shuffle = true;
    Model model = tiny_model();
    const auto loader = golden_loader("train.lst", model.preprocessing, loading);
    const std::unique_ptr<Backend> backend = make_ref_backend();
    CutOff observer;
    observer.left = cut_after;
    observer.kill = kill;
    options.stop = [&]() -> std::optional<ErrorKind> {
      if (kill || cut_after == 0 || observer.left > 0) return std::nullopt;
      return ErrorKind::kTerminated;
    };
    Trainer trainer(std::move(model), *loader, nullptr, *backend, options, observer);
    const CheckpointFolder::Newest newest = checkpoints.newest();
    if (newest.checkpoint) {
      const TrainerState& state = newest.checkpoint->state;
      trainer.restore(state);
      checkpoints.continue_from(state.stopped_after.value_or(state.updates));
    }
    try {
      EXPECT_TRUE(trainer.run());
    } catch (const Killed&) {
      return std::nullopt;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kTerminated) throw;
      return std::nullopt;
    }
    std::vector<std::string> warnings = observer.warnings;
    return Ended{.state = trainer.state(), .warnings = std::move(warnings)};
  }
};

TEST_P(CutOffWithRollbacks, EndsWithTheSameBytes) {
  const TemporaryFolder whole;
  const std::optional<Ended> expected = train(whole.path(), 0, false);
  ASSERT_TRUE(expected);
  ASSERT_GE(expected->state.rollbacks, 3);
  ASSERT_THAT(expected->warnings, Contains(HasSubstr("back to update ")));
  ASSERT_THAT(expected->warnings, Contains(HasSubstr("back to the start")));
  int cut_after = 1;
  for (;; cut_after += 9) {
    const TemporaryFolder folder;
    if (train(folder.path(), cut_after, GetParam())) break;
    const std::optional<Ended> got = train(folder.path(), 0, false);
    ASSERT_TRUE(got);
    EXPECT_TRUE(same_bytes(got->state.parameters, expected->state.parameters)) << cut_after;
    EXPECT_TRUE(same_bytes(got->state.momentum, expected->state.momentum)) << cut_after;
    EXPECT_EQ(got->state.rollbacks, expected->state.rollbacks) << cut_after;
    EXPECT_EQ(got->state.rollback.to, expected->state.rollback.to) << cut_after;
  }
  EXPECT_GT(cut_after, 32);
}

INSTANTIATE_TEST_SUITE_P(KillOrStop, CutOffWithRollbacks, ::testing::Bool());

TEST(NonFinite, DoesNotReplayAStepOfAnotherTraining) {
  Workshop bench(options_of(0.1));
  Batch batch;
  ASSERT_TRUE(bench.loader->next(batch));
  BadStep step{.epoch = 1, .batch = 2, .step = 7, .updates = 7, .seed = 3};
  step.data = batch;
  const auto refusal = [&] { return refusal_of([&] { (void)bench.trainer->replay(step); }); };
  EXPECT_THAT(refusal(), HasSubstr("of another training: it has no parameter '"));
  step.parameters = bench.trainer->state().parameters;
  EXPECT_EQ(refusal(), "nothing thrown");
  const Tensor fc = step.parameters.at("fc_weight");
  step.parameters["fc_weight"] = Tensor(Shape{1, 1}, DType::kF32);
  EXPECT_THAT(refusal(), HasSubstr("its parameter 'fc_weight' has the shape (1,1)"));
  step.parameters["fc_weight"] = fc;
  step.parameters["other_weight"] = fc;
  EXPECT_THAT(refusal(), HasSubstr("this one has no parameter 'other_weight'"));
  step.parameters.erase("other_weight");
  step.data.images = Tensor(Shape{5, 3, 8, 8}, DType::kF32);
  EXPECT_THAT(refusal(), HasSubstr("its batch has the shape (5,3,8,8)"));
}

TEST(NonFinite, AnEarlierVersionsFileIsRead) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "bad";
  Workshop bench(options_of(0.1));
  bench.advance(1);
  BadStep step{.epoch = 1, .batch = 2, .step = 7, .updates = 7, .seed = 3};
  step.parameters = bench.trainer->state().parameters;
  Batch batch;
  ASSERT_TRUE(bench.loader->next(batch));
  step.data = batch;
  write_bad_step(path, step);
  const BadStep back = read_bad_step(path);
  EXPECT_EQ(back.updates, 7);
  EXPECT_FALSE(back.traced);
  EXPECT_THAT(bench.trainer->replay(back), AllOf(Contains(HasSubstr("it may have begun before")),
                                                 Contains("forward: every value is finite")));
}

}  // namespace
}  // namespace orthrus
