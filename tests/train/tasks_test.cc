// Declared tasks in a training: missing labels, several kinds, loss weighting, options.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "base/options_parse.h"
#include "base/options_text.h"
#include "tasks/weighting/weighting.h"
#include "train/options.h"
#include "train/task_options.h"
#include "train/training.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kPictures;
using testing::RecordingObserver;
using testing::refusal_of;
using testing::same_bytes;
using testing::TemporaryFolder;

const Task kKind{.name = "kind", .head = "fc_kind", .classes = 4};
const Task kTags{.name = "tags",
                 .head = "fc_tags",
                 .classes = 2,
                 .label_column = 1,
                 .kind = TaskKind::kMultilabel,
                 .hidden = {5},
                 .dropout = 0.25};

Model model_with(const std::vector<Task>& tasks) {
  Model model = testing::tiny_model();
  model.tasks = tasks;
  const Graph backbone = testing::tiny_backbone();
  model.graph = append_heads(backbone, backbone.outputs().front(), tasks);
  std::vector<std::string> names;
  for (const auto& [name, shape] : parameter_shapes(model.graph, model.preprocessing)) {
    names.push_back(name);
  }
  const Shape picture = picture_shape(model.preprocessing, 1);
  model.parameters =
      initialise(model.graph, infer_shapes(model.graph, {{"data", picture}}), 7, names);
  return model;
}

// The golden list with two columns more, for `kTags`: of every third picture one is missing, of
// every fourth both are; with `none`, all.
ImageList list_with_tags(bool none) {
  const ImageList golden = read_list(kPictures / "train.lst");
  ImageList list;
  list.origin = golden.origin;
  list.label_columns = 3;
  for (size_t i = 0; i < golden.entries.size(); ++i) {
    const ListEntry entry = golden.entries[i];
    const bool both = none || i % 4 == 0;
    const float labels[] = {entry.labels[0], both ? NAN : static_cast<float>(i % 2),
                            both || i % 3 == 0 ? NAN : static_cast<float>(i / 2 % 2)};
    list.entries.add(entry.index, labels, entry.path, entry.line);
  }
  return list;
}

struct Training {
  Training(const std::vector<Task>& tasks, const std::string& weighting, bool no_tags = false) {
    Model model = model_with(tasks);
    LoaderOptions loading;
    loading.batch_size = 5;
    loading.shuffle = true;
    train =
        std::make_unique<Loader>(list_with_tags(no_tags), kPictures, model.preprocessing, loading);
    TrainerOptions options{.batch_size = 5, .end_epoch = 4, .weighting = weighting};
    options.schedule = {.base = 0.02, .factor = 1, .steps = {}};
    trainer =
        std::make_unique<Trainer>(std::move(model), *train, nullptr, *backend, options, observer);
  }
  // Across the ends of epochs.
  void advance(int steps) {
    while (steps > 0) {
      if (trainer->step()) {
        --steps;
      } else {
        trainer->finish_epoch();
      }
    }
  }

  RecordingObserver observer;
  std::unique_ptr<Backend> backend = make_ref_backend();
  std::unique_ptr<Loader> train;
  std::unique_ptr<Trainer> trainer;
};

TEST(MissingLabels, OfOneTaskLeaveTheRestOfTheNetworkAsItWere) {
  Training alone({kKind}, "fixed");
  Training beside({kKind, kTags}, "fixed", true);
  alone.advance(6);
  beside.advance(6);
  const TrainerState with = beside.trainer->state(), without = alone.trainer->state();
  for (const auto& [name, tensor] : without.parameters) {
    EXPECT_TRUE(std::ranges::equal(tensor.bytes(), with.parameters.at(name).bytes())) << name;
  }
  EXPECT_EQ(with.epoch_sums[1].weight, 0);
  EXPECT_EQ(with.epoch_sums[0], without.epoch_sums[0]);
}

TEST(MissingLabels, CountNowhereInTheMetrics) {
  Training training({kKind, kTags}, "fixed");
  while (training.trainer->step()) {
  }
  // 16 pictures: 4 without tags; of the other 12, 4 with one (6, 9 and 3, 15).
  EXPECT_EQ(training.observer.steps.back().epoch_sums[0].weight, 16);
  EXPECT_EQ(training.observer.steps.back().epoch_sums[1].weight, 20);
}

TEST(Weighting, ContinuesBitForBit) {
  for (const std::string& method : weighting_names()) {
    for (const int stop : {2, 4, 7, 11}) {
      SCOPED_TRACE(fmt::format("{}, stopped after {} steps", method, stop));
      Training through({kKind, kTags}, method);
      through.advance(14);
      Training first({kKind, kTags}, method);
      first.advance(stop);
      const TemporaryFolder folder;
      write_checkpoint(folder.path() / "state", {.state = first.trainer->state(), .inputs = {}});
      Training second({kKind, kTags}, method);
      second.trainer->restore(read_checkpoint(folder.path() / "state").state);
      second.advance(14 - stop);
      const TrainerState got = second.trainer->state(), wanted = through.trainer->state();
      EXPECT_TRUE(same_bytes(got.parameters, wanted.parameters));
      EXPECT_EQ(got.weighting, wanted.weighting);
      EXPECT_EQ(got.task_weights, wanted.task_weights);
      EXPECT_EQ(got.epoch_sums, wanted.epoch_sums);
    }
  }
}

TEST(Weighting, ChangesTheTrainingAndSaysItsWeights) {
  Training fixed({kKind, kTags}, "fixed");
  Training logsum({kKind, kTags}, "logsum");
  fixed.advance(5);
  logsum.advance(5);
  EXPECT_FALSE(same_bytes(fixed.trainer->state().parameters, logsum.trainer->state().parameters));
  EXPECT_THAT(logsum.observer.notes, Contains(HasSubstr("epoch 0: weights of the losses: kind ")));
  EXPECT_THAT(fixed.observer.notes, Not(Contains(HasSubstr("weights of the losses"))));
}

TEST(Weighting, MultipliesWhatTheTasksDeclare) {
  Task light = kTags;
  light.weight = 0;
  Training without({kKind}, "fixed");
  Training with({kKind, light}, "fixed");
  without.advance(5);
  with.advance(5);
  const TrainerState state = with.trainer->state();
  for (const auto& [name, tensor] : without.trainer->state().parameters) {
    EXPECT_TRUE(std::ranges::equal(tensor.bytes(), state.parameters.at(name).bytes())) << name;
  }
}

// Gradients are mixed where they come together: one of nothing changes nothing.
TEST(Weighting, ByGradientsLeavesATaskAloneThatNothingStandsAgainst) {
  Task light = kTags;
  light.weight = 0;
  Training without({kKind}, "fixed");
  Training with({kKind, light}, "pcgrad");
  without.advance(5);
  with.advance(5);
  const TrainerState state = with.trainer->state();
  for (const auto& [name, tensor] : without.trainer->state().parameters) {
    EXPECT_TRUE(std::ranges::equal(tensor.bytes(), state.parameters.at(name).bytes())) << name;
  }
}

TEST(Weighting, ByGradientsChangesTheTrainingAndSaysItsWeights) {
  for (const char* method : {"dbmtl", "imtl"}) {
    Training plain({kKind, kTags}, method == std::string("dbmtl") ? "logsum" : "fixed");
    Training mixed({kKind, kTags}, method);
    plain.advance(5);
    mixed.advance(5);
    EXPECT_FALSE(same_bytes(plain.trainer->state().parameters, mixed.trainer->state().parameters));
    EXPECT_THAT(mixed.observer.notes, Contains(HasSubstr("weights of the losses: kind ")));
  }
}

// From labels in an order to answers: K classes over K - 1 sigmoids.
TEST(OrdinalTask, LearnsAndGoesOnBitForBit) {
  Task size = kKind;
  size.kind = TaskKind::kOrdinal;
  Training through({size, kTags}, "dbmtl");
  through.advance(14);
  Training first({size, kTags}, "dbmtl");
  first.advance(6);
  Training second({size, kTags}, "dbmtl");
  second.trainer->restore(first.trainer->state());
  second.advance(8);
  const TrainerState wanted = through.trainer->state();
  EXPECT_TRUE(same_bytes(second.trainer->state().parameters, wanted.parameters));
  EXPECT_EQ(wanted.parameters.at("fc_kind_weight").shape()[0], 3);

  Training alone({size}, "fixed");
  alone.advance(48);
  EXPECT_LT(alone.observer.epochs.back().train[0].mean_loss(),
            0.9 * alone.observer.epochs.front().train[0].mean_loss());
}

class DeclaredTasks : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    write_file(folder_.path() / name, text);
    return (folder_.path() / name).string();
  }
  Options options_of(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--model", "resnet18_v2", "--data-train", "t.lst"});
    return with_declared_tasks(parse_options(train_table(), {.takes_config = true}, arguments, {}));
  }
  std::string refusal(const std::vector<std::string>& arguments) {
    return refusal_of([&] { (void)train_request(options_of(arguments)); });
  }

  const TemporaryFolder folder_;
  const std::string tasks_ = write("tasks.toml",
                                   "[[task]]\nname = 'kind'\ncolumn = 0\nclasses = 3\n"
                                   "[[task]]\nname = 'any'\nfrom = 'kind'\nrule = 'label > 0'\n");
};

TEST_F(DeclaredTasks, AreTheClassicTwoWithoutAFile) {
  const TrainRequest request = train_request(options_of({"--num-classes", "4"}));
  EXPECT_EQ(request.tasks, classic_tasks(4));
  EXPECT_EQ(request.weighting, "fixed");
  EXPECT_THAT(options_of({"--num-classes", "4"}).section("task"), IsEmpty());
}

TEST_F(DeclaredTasks, ComeFromAFileAndStandInTheWrittenOptions) {
  const Options options = options_of({"--tasks", tasks_});
  EXPECT_EQ(options.text("tasks.preset"), "declared");
  const std::vector<Task> tasks = train_request(options).tasks;
  ASSERT_EQ(tasks.size(), 2U);
  EXPECT_EQ(tasks[1].name, "any");
  // The configuration that a run keeps makes the same tasks, without the file.
  const std::string config = write("config.toml", options_toml(options, "orthrus train"));
  EXPECT_EQ(train_request(options_of({config})).tasks, tasks);
}

TEST_F(DeclaredTasks, ComeFromTheConfigurationUnlessAFlagSaysOtherwise) {
  const std::string config =
      write("c.toml", "[data]\nnum_classes = 5\n[[task]]\nname='own'\ncolumn=1\nclasses=2\n");
  EXPECT_EQ(train_request(options_of({config})).tasks[0].name, "own");
  EXPECT_EQ(train_request(options_of({config, "--tasks", tasks_})).tasks[0].name, "kind");
  EXPECT_EQ(train_request(options_of({config, "--tasks", "class"})).tasks[0].name, "softmax");
}

TEST_F(DeclaredTasks, RefuseWhatIsSaidTwiceOrNotThere) {
  const std::string both =
      write("b.toml", "[tasks]\npreset='classic'\n[[task]]\nname='a'\ncolumn=0\nclasses=2\n");
  EXPECT_THAT(refusal({both}), AllOf(HasSubstr("b.toml:2: tasks.preset: 'classic', and there are"),
                                     HasSubstr("keep one of them")));
  EXPECT_THAT(refusal({"--tasks", "clasic"}), AllOf(HasSubstr("--tasks: 'clasic' is not auto"),
                                                    HasSubstr("did you mean 'classic'")));
  EXPECT_THAT(refusal({"--tasks", "declared"}), HasSubstr("there is no [[task]] table"));
  EXPECT_THAT(refusal({"--tasks", tasks_, "--weighting", "logsun"}),
              HasSubstr("did you mean 'logsum'?"));
  const std::string weighted =
      write("w.toml", "[[task]]\nname='a'\ncolumn=0\nclasses=2\nweight=2\n");
  EXPECT_THAT(refusal({"--tasks", weighted, "--weighting", "equal"}),
              HasSubstr("--weighting: equal, but the task 'a' declares the weight 2"));
}

}  // namespace
}  // namespace orthrus
