// Trainings in which a part of the network is frozen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "infer/features.h"
#include "model/model_file.h"
#include "train/training.h"

namespace orthrus {
namespace {

using ::testing::FloatNear;
using testing::golden_loader;
using ::testing::HasSubstr;
using ::testing::Pointwise;
using testing::RecordingObserver;
using testing::refusal_of;
using testing::same_bytes;
using testing::TemporaryFolder;
using testing::tiny_model;

TrainerOptions options_for(TrainedPart part) {
  TrainerOptions options;
  options.batch_size = 5;
  options.part = std::move(part);
  options.end_epoch = 2;
  options.seed = 3;
  options.schedule = {.base = 0.05, .factor = 0.1, .steps = {4}};
  return options;
}

Model learned_model() {
  Model model = tiny_model();
  model.parameters["bn_moving_mean"] = Tensor::filled({4}, 0.2F);
  model.parameters["bn_moving_var"] = Tensor::filled({4}, 0.7F);
  return model;
}

// A trainer of the heads, with the frozen part beside it where the part is divided.
struct FrozenBench {
  explicit FrozenBench(const TrainerOptions& options, Model model = learned_model()) {
    LoaderOptions loading;
    loading.batch_size = options.batch_size;
    loading.seed = options.seed;
    validation = golden_loader("val.lst", model.preprocessing, loading);
    loading.shuffle = true;
    train = golden_loader("train.lst", model.preprocessing, loading);
    if (options.part->divided()) {
      frozen = std::make_unique<Inference>(options.part->frozen, model.input,
                                           picture_shape(model.preprocessing, options.batch_size),
                                           model.parameters, *backend);
      train_features = std::make_unique<FeatureLoader>(*train, *frozen);
      validation_features = std::make_unique<FeatureLoader>(*validation, *frozen);
      trainer = std::make_unique<Trainer>(std::move(model), *train_features,
                                          validation_features.get(), *backend, options, observer);
    } else {
      trainer = std::make_unique<Trainer>(std::move(model), *train, validation.get(), *backend,
                                          options, observer);
    }
  }

  RecordingObserver observer;
  std::unique_ptr<Backend> backend = make_ref_backend();
  std::unique_ptr<Loader> train, validation;
  std::unique_ptr<Inference> frozen;
  std::unique_ptr<FeatureLoader> train_features, validation_features;
  std::unique_ptr<Trainer> trainer;
};

TrainedPart heads_of(const Model& model) {
  return choose_trained_part(model, {.items = {"heads"}});
}

// The same choice, with the frozen layers inside the trainer's own plan.
TrainedPart undivided(const Model& model) {
  TrainedPart part = heads_of(model);
  const TrainedPart whole =
      choose_trained_part(model, {.items = {"all"}, .batch_norm = BatchNormMode::kFrozen});
  part.frozen = {};
  part.graph = whole.graph;
  part.input = whole.input;
  part.input_shape = whole.input_shape;
  return part;
}

TEST(FrozenTraining, GivesTheHeadsOfOneThatIsNotDivided) {
  FrozenBench divided(options_for(heads_of(learned_model())));
  FrozenBench whole(options_for(undivided(learned_model())));
  divided.trainer->run();
  whole.trainer->run();
  const NamedTensors heads = divided.trainer->state().parameters;
  EXPECT_EQ(heads.size(), 4U);
  const NamedTensors others = whole.trainer->state().parameters;
  for (const auto& [name, tensor] : heads) {  // equal but for folding in the frozen part
    EXPECT_THAT(tensor.data(), Pointwise(FloatNear(1e-5F), others.at(name).data())) << name;
  }
  EXPECT_EQ(divided.observer.epochs[1].validation[0].correct,
            whole.observer.epochs[1].validation[0].correct);
  EXPECT_NE(divided.observer.epochs[0].validation, divided.observer.epochs[1].validation);
}

TEST(FrozenTraining, SavesTheWholeModel) {
  const TemporaryFolder folder;
  TrainerOptions options = options_for(heads_of(learned_model()));
  options.last = folder.path() / "last.safetensors";
  options.best = folder.path() / "best.safetensors";
  FrozenBench bench(options);
  bench.trainer->run();
  const Model saved = read_model(options.last);
  const Model start = learned_model();
  EXPECT_EQ(saved.graph, start.graph) << "files hold the network without what training adds";
  for (const char* name : {"conv_weight", "bn_gamma", "bn_moving_mean"}) {
    EXPECT_TRUE(
        std::ranges::equal(saved.parameters.at(name).bytes(), start.parameters.at(name).bytes()))
        << name;
  }
  EXPECT_TRUE(std::ranges::equal(saved.parameters.at("fc_weight").bytes(),
                                 bench.trainer->state().parameters.at("fc_weight").bytes()));
}

TEST(FrozenTraining, ContinuesBitForBitAndOnTheSameFrozenPartAlone) {
  const TrainerOptions options = options_for(heads_of(learned_model()));
  FrozenBench through(options), first(options), second(options);
  through.trainer->run();
  for (int i = 0; i < 3; ++i) first.trainer->step();
  const TemporaryFolder folder;
  write_checkpoint(folder.path() / "state", {.state = first.trainer->state(), .inputs = {}});
  const TrainerState state = read_checkpoint(folder.path() / "state").state;
  second.trainer->restore(state);
  second.trainer->run();
  EXPECT_TRUE(same_bytes(second.trainer->state().parameters, through.trainer->state().parameters));

  Model other = learned_model();
  other.parameters["bn_beta"] = Tensor::filled({4}, 1);
  FrozenBench third(options, std::move(other));
  EXPECT_THAT(refusal_of([&] { third.trainer->restore(state); }),
              HasSubstr("the frozen part of the network is not the one that was trained on"));
}

}  // namespace
}  // namespace orthrus
