#include "train/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include "base/file.h"
#include "base/options_parse.h"
#include "base/options_text.h"
#include "base/threads.h"
#include "formats/mxnet/checkpoint.h"
#include "formats/safetensors/safetensors.h"
#include "model/model_file.h"
#include "train/dry_run.h"
#include "train/missing_pictures.h"
#include "train/options.h"
#include "train/run_fixture.h"
#include "train/run_summary.h"
#include "train/training.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kPictures;
using testing::pixel_model;
using testing::RecordingObserver;
using testing::refusal_of;
using testing::Run;
using testing::TemporaryFolder;
using testing::tiny_model;

TEST_F(Run, ContinuesFromItsOwnCheckpoint) {
  train();
  EXPECT_THAT(observer_.notes, Contains(HasSubstr("heads taken from the model: fc_bias")));
  request_.model = (out_ / "tiny").string();
  request_.first_epoch = 1;
  request_.end_epoch = 3;
  train();
  EXPECT_THAT(mxnet::saved_epochs(request_.model), ElementsAre(1, 2, 3));
}

TEST_F(Run, GivesNewHeadsToANetworkWithOtherClasses) {
  request_.tasks = classic_tasks(7);
  train();
  EXPECT_THAT(observer_.warnings, Contains(HasSubstr("start anew: fc_bias, fc_weight")));
}

TEST_F(Run, HasNothingToDoWhenTheEndIsNotOverTheStart) {
  request_.first_epoch = 1;
  EXPECT_THAT(refusal(), AllOf(HasSubstr("--num-epoch 1 is not over --epoch 1"),
                               HasSubstr("not how many there are")));
}

TEST_F(Run, FindsLabelsOutOfRangeBeforeTraining) {
  request_.train.front().files.list = write_list(
      "0\t1\timages/00_plain.jpg\n1\t4\timages/01_gray.jpg\n2\t-1\timages/02_alpha.png\n");
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("some.lst:2: label 4 in column 1 is not a class of task 'softmax'"),
                    HasSubstr("some.lst:3: label -1"), HasSubstr("--num-classes")));
  EXPECT_THAT(observer_.steps, IsEmpty());
}

TEST_F(Run, CountsMissingPicturesBeforeTraining) {
  std::string text;
  for (int i = 0; i < 12; ++i) text += fmt::format("{}\t1\tnone/{}.jpg\n", i, i);
  text += "12\t1\timages/00_plain.jpg\n";
  request_.train.front().files.list = write_list(text);
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("12 of 13 pictures are missing"), HasSubstr("none/0.jpg, none/1.jpg"),
                    HasSubstr("none/9.jpg, ..."), HasSubstr("--on-bad-image=skip")));
  EXPECT_THAT(observer_.steps, IsEmpty());

  request_.loader.on_bad_image = OnBadImage::kSkip;
  train();
  EXPECT_THAT(observer_.warnings, Contains(HasSubstr("12 of 13 pictures are missing")));
}

TEST_F(Run, LeavesNothingBehindWhenItCannotBegin) {
  request_.layer = "none";
  EXPECT_THAT(refusal(), HasSubstr("'none'"));
  EXPECT_FALSE(std::filesystem::exists(out_));
}

TEST_F(Run, PutsEverythingIntoItsFolder) {
  request_.config = "";
  request_.end_epoch = 2;
  train();
  const std::string metrics = read_text(out_ / "metrics.csv");
  EXPECT_EQ(std::ranges::count(metrics, '\n'), 1 + 2 * 2) << metrics;
  EXPECT_THAT(metrics, HasSubstr("validation_accuracy"));
  EXPECT_THAT(read_text(out_ / "environment.json"), HasSubstr("train.lst"));
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(out_)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("events.out.tfevents.")) names.push_back(name);
  }
  EXPECT_THAT(names,
              ::testing::UnorderedElementsAre("best.safetensors", "checkpoints", "environment.json",
                                              "last.safetensors", "metrics.csv", "tiny-0001.params",
                                              "tiny-0002.params", "tiny-symbol.json"));
}

TEST_F(Run, OnKeptFeaturesGivesTheBytesOfComputingThemAfresh) {
  request_.part.items = {"heads"};
  request_.loader.shuffle = true;
  request_.end_epoch = 3;
  request_.cache.folder = folder_.path() / "cache";
  std::vector<std::vector<std::byte>> models;
  for (const CachePlace place :
       {CachePlace::kOff, CachePlace::kAuto, CachePlace::kDisk, CachePlace::kDisk}) {
    request_.cache.place = place;
    train();
    models.push_back(read_file(out_ / "last.safetensors"));
  }
  for (const auto& model : models) EXPECT_EQ(model, models[0]);
  EXPECT_THAT(observer_.notes, Contains(HasSubstr("features of training: 16 pictures in")));
  EXPECT_THAT(observer_.notes, Contains(HasSubstr("features of validation taken from '")));
  // A file that was damaged is found out and replaced.
  for (const auto& entry : std::filesystem::directory_iterator(request_.cache.folder)) {
    write_file(entry.path(), "cut");
  }
  train();
  EXPECT_THAT(observer_.warnings, Contains(HasSubstr("the features are computed anew")));
  EXPECT_EQ(read_file(out_ / "last.safetensors"), models[0]);
}

TEST_F(Run, KeepsFeaturesOnlyWhereThatIsPossible) {
  request_.loader.augmentation.random_mirror = true;
  request_.cache.place = CachePlace::kMemory;
  EXPECT_THAT(refusal(), HasSubstr("no part of the network below what is trained is frozen"));
  request_.part.items = {"heads"};
  EXPECT_THAT(refusal(), AllOf(HasSubstr("augmented anew in each epoch"), HasSubstr("--views K")));
  request_.cache.views = 2;
  request_.cache.budget_bytes = 1000;
  EXPECT_THAT(refusal(), HasSubstr("--cache-budget is 0.0 MB"));
  request_.cache.budget_bytes = 0;
  train();
  EXPECT_THAT(observer_.notes, Contains(HasSubstr("features of training: 32 pictures in")));
  request_.loader.augmentation.mixup = 0.2;
  EXPECT_THAT(refusal(), HasSubstr("mixed in pairs"));
  request_.loader.augmentation = {};
  EXPECT_THAT(refusal(), HasSubstr("look all the same"));
  request_.cache = {.place = CachePlace::kAuto, .budget_bytes = 1000};
  train();
  EXPECT_THAT(observer_.notes, Contains(HasSubstr("computed in each epoch: the features take")));
}

TEST_F(Run, MayTrainTheHeadsFirst) {
  request_.heads_first = 8;
  request_.schedule.base = 0;  // so that the heads are all that changes
  request_.optimizer.weight_decay = 0;
  request_.part.batch_norm = BatchNormMode::kFrozen;
  request_.tasks = classic_tasks(7);
  train();
  EXPECT_THAT(observer_.notes, Contains(HasSubstr("heads first: ")));
  const Model trained = read_model(out_ / "last.safetensors");
  const NamedTensors start = tiny_model().parameters;
  EXPECT_TRUE(std::ranges::equal(trained.parameters.at("conv_weight").bytes(),
                                 start.at("conv_weight").bytes()));
  EXPECT_FALSE(std::ranges::equal(trained.parameters.at("fc_multitask_weight").bytes(),
                                  start.at("fc_multitask_weight").bytes()));
  // What was trained stands on those heads: a resumed training does not begin with them again.
  request_.resume = true;
  request_.end_epoch = 2;
  observer_.notes.clear();
  train();
  EXPECT_THAT(observer_.notes, ::testing::Not(Contains(HasSubstr("heads first: "))));
}

TEST_F(Run, MaySolveForTheHeads) {
  request_.solve = true;
  EXPECT_THAT(refusal(), HasSubstr("--solver lbfgs solves for the heads alone"));
  start_from(pixel_model());
  request_.part.items = {"heads"};
  request_.end_epoch = 9;
  request_.validation.reset();
  train();
  EXPECT_THAT(observer_.notes, Contains(HasSubstr("heads solved for in ")));
  ASSERT_EQ(observer_.epochs.size(), 1U);
  EXPECT_EQ(observer_.epochs[0].train[0].accuracy(), 1);
  EXPECT_EQ(read_model(out_ / "best.safetensors").tasks.size(), 2U);
}

TEST_F(Run, MayUseAFractionOfThePictures) {
  request_.fraction = 0.5;
  train();
  EXPECT_THAT(observer_.notes, Contains("8 of the training pictures are used"));
  EXPECT_EQ(observer_.epochs[0].train[0].weight, 8);
}

TEST_F(Run, ToldDryWritesNothing) {
  request_.part.items = {"heads"};
  dry_run(request_, *backend_, observer_);
  EXPECT_FALSE(std::filesystem::exists(out_));
  EXPECT_THAT(observer_.notes, Contains(HasSubstr("stage 1: 4 x 4, ")));
  EXPECT_THAT(observer_.notes, Contains(HasSubstr("heads: ")));
  EXPECT_THAT(observer_.notes, Contains(HasSubstr("memory of the frozen part")));
  EXPECT_THAT(observer_.notes, Contains(HasSubstr("features are computed once")));
  EXPECT_THAT(observer_.notes, Contains(HasSubstr("nothing was written")));
  EXPECT_THAT(observer_.steps, IsEmpty());
}

TEST_F(Run, WarnsOfNewHeadsThatAreNotTrained) {
  request_.tasks = classic_tasks(7);
  request_.part.items = {"conv*"};
  train();
  EXPECT_THAT(observer_.warnings,
              Contains(HasSubstr("not trained: fc_bias, fc_weight; add heads")));
}

// The folder that holds a run is told by its options.
TEST_F(Run, IsSummarisedFromItsFolder) {
  OptionTable table = train_table();
  Options options(table);
  options.set("train.num_epoch", {"2"}, OptionOrigin::kFlag, "--num-epoch");
  options.set("model.source", {"start"}, OptionOrigin::kFlag, "--model");
  request_.config = options_toml(options, "orthrus train");
  request_.end_epoch = 2;
  train();
  const RunSummary run = summarise_run(out_);
  EXPECT_EQ(run.state, RunState::kDone);
  EXPECT_EQ(run.epochs, 2);
  EXPECT_EQ(run.best_epoch, best_epoch(observer_.epochs, true));
  ASSERT_EQ(run.tasks.size(), 2U);
  EXPECT_EQ(run.tasks[1].task, "softmax_multitask");
  EXPECT_EQ(run.tasks[0].accuracy,
            observer_.epochs[static_cast<size_t>(run.best_epoch)].validation[0].accuracy());
  EXPECT_THAT(run_folders(folder_.path()), ElementsAre(out_));
  {
    const RunFolder held(out_);
    EXPECT_EQ(summarise_run(out_).state, RunState::kTraining);
    EXPECT_THAT(refusal_of([&] { const RunFolder second(out_); }),
                HasSubstr("is in use by process"));
  }
  write_file(RunFolder::lock_path(out_), "process 1 on gone");
  options.set("train.num_epoch", {"3"}, OptionOrigin::kFlag, "--num-epoch");
  write_file(out_ / "config.toml", options_toml(options, "orthrus train"));
  EXPECT_EQ(summarise_run(out_).state, RunState::kCutOff);
  EXPECT_THAT(RunFolder(out_).lock_note(), HasSubstr("process 1 on gone"));
  EXPECT_EQ(summarise_run(out_).state, RunState::kStopped);
}

TEST_F(Run, ReplayNeedsNoValidationList) {
  request_.validation->list = "gone.lst";
  request_.replay = folder_.path() / "none.safetensors";
  EXPECT_THAT(refusal(), HasSubstr("none.safetensors"));
}

TEST_F(Run, KeepsTheCheckpointsOfAnEarlierTrainingAside) {
  train();
  train();
  EXPECT_EQ(checkpoint_files(out_ / "checkpoints").size(), 1U);
  EXPECT_EQ(checkpoint_files(out_ / "checkpoints.before").size(), 1U);
  train();
  EXPECT_EQ(checkpoint_files(out_ / "checkpoints.before").size(), 1U);
}

TEST(RunFolder, TakesTheFirstFreeNumber) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "0001");
  {
    const auto run = RunFolder::numbered(folder.path());
    EXPECT_EQ(run->path(), folder.path() / "0002");
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "0002")) << "never kept";
}

TEST(RunFolder, RemovesWhatAKilledProcessLeftHalfWritten) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "checkpoints");
  for (const char* name : {"best.safetensors.tmp-12", "checkpoints/step-1.safetensors.tmp-12",
                           "checkpoints/step-1.safetensors.tmp-12-3", "net-0001.params.tmp-7",
                           "net-symbol.json.tmp-7", "mine.tmp-12", "last.safetensors.tmp-x"}) {
    write_file(folder.path() / name, "x");
  }
  const RunFolder run(folder.path());
  for (const char* name :
       {"best.safetensors.tmp-12", "net-0001.params.tmp-7", "net-symbol.json.tmp-7"}) {
    EXPECT_FALSE(std::filesystem::exists(folder.path() / name)) << name;
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "checkpoints"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "mine.tmp-12"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "last.safetensors.tmp-x"));
}

TEST_F(Run, RefusesAFolderThatCannotBeWritten) {
  write_file(folder_.path() / "file", "not a folder");
  out_ = folder_.path() / "file" / "out";
  try {
    train();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kResource);
    EXPECT_THAT(error.message(), HasSubstr((folder_.path() / "file").string()));
  }
}

TEST_F(Run, RefusesAPictureThatIsNone) {
  write_file(folder_.path() / "web.jpg", "<html>not found</html>");
  request_.train = {{.files = {write_list("0\t1\tweb.jpg\n"), folder_.path()}}};
  request_.validation.reset();
  EXPECT_THAT(refusal(), HasSubstr("web.jpg"));
}

TEST(MissingPictures, OfALongListAreFoundBesideTheTraining) {
  ImageList list;
  list.origin = "long.lst";
  list.entries = {{.index = 0, .labels = {0}, .path = "none.jpg", .line = 1}};
  MissingPictures search(make_file_pictures(list, kPictures), OnBadImage::kSkip, 0);
  std::string said;
  while (said.empty()) said = search.poll();
  EXPECT_THAT(said, HasSubstr("long.lst: 1 of 1 pictures are missing"));
  EXPECT_EQ(search.poll(), "");
}

// Pictures whose disk is slow; all are there.
class SlowPictures final : public Pictures {
 public:
  using Pictures::Pictures;
  std::vector<std::byte> read(size_t, uint64_t) const override { return {}; }
  bool missing(size_t) const override {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const std::scoped_lock lock(mutex_);
    ++looks_;
    threads_.insert(std::this_thread::get_id());
    return false;
  }
  std::string name(size_t) const override { return "x"; }
  std::filesystem::path home() const override { return "here"; }

  size_t looks() const {
    const std::scoped_lock lock(mutex_);
    return looks_;
  }
  size_t threads() const {
    const std::scoped_lock lock(mutex_);
    return threads_.size();
  }

 private:
  mutable std::mutex mutex_;
  mutable size_t looks_ = 0;
  mutable std::set<std::thread::id> threads_;
};

std::shared_ptr<SlowPictures> slow_pictures(size_t count) {
  ImageList list;
  for (size_t i = 0; i < count; ++i) list.entries.push_back({.path = "x.jpg"});
  return std::make_shared<SlowPictures>(std::move(list));
}

// As Ctrl-C or an error does early in a training.
TEST(MissingPictures, TheSearchEndsWithTheTraining) {
  constexpr size_t kCount = 200'000;
  const auto pictures = slow_pictures(kCount);
  {
    MissingPictures first(pictures, OnBadImage::kFail, 0);
    const MissingPictures search(std::move(first));
    while (pictures->looks() == 0) std::this_thread::yield();
  }
  EXPECT_LT(pictures->looks(), kCount);
}

// Whatever --threads says of the computing: set_threads() holds for the thread that calls it.
TEST(MissingPictures, TheSearchTakesOneThread) {
  const auto pictures = slow_pictures(50);
  MissingPictures search(pictures, OnBadImage::kFail, 0);
  while (pictures->looks() < 50) std::this_thread::yield();
  EXPECT_EQ(pictures->threads(), 1U);
}

// --threads bounds the search before the training too.
TEST_F(Run, LooksForPicturesWithTheThreadsThatItIsGiven) {
  const int before = current_threads();
  set_threads(4);
  request_.threads = 1;
  request_.train = {{.files = {write_list("0\t1\tnone.jpg\n"), folder_.path()}}};
  EXPECT_THAT(refusal(), HasSubstr("pictures are missing"));
  EXPECT_EQ(current_threads(), 1);
  set_threads(before);
}

// The request that a command line makes.
TrainRequest request_of(const std::vector<std::string>& more) {
  OptionTable table;
  table.add(train_options());
  std::vector<std::string> arguments = {"--model", "x/resnet-50", "--data-train", "l/t.lst"};
  if (std::ranges::find(more, "--image-cal") == more.end()) {
    arguments.insert(arguments.end(), {"--num-classes", "4"});
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  return train_request(parse_options(table, {}, arguments, {}));
}

TEST(TrainRequest, HasTheDefaultsOfTheOriginalParser) {
  const TrainRequest request = request_of({});
  EXPECT_EQ(request.loader.batch_size, 200);
  EXPECT_EQ(request.schedule.base, 0.001);
  EXPECT_THAT(request.schedule.steps, ElementsAre(500, 1000));
  EXPECT_EQ(request.optimizer.momentum, 0.9);
  EXPECT_EQ(request.optimizer.weight_decay, 1e-4);
  EXPECT_EQ(request.optimizer.name, "sgd");
  EXPECT_EQ(request.schedule.kind, ScheduleKind::kStep);
  EXPECT_EQ(request.schedule.warmup, 0);
  EXPECT_THAT(request.part.items, ElementsAre("all"));
  EXPECT_EQ(request.average_decay, 0);
  EXPECT_EQ(request.first_epoch, 0);
  EXPECT_EQ(request.end_epoch, 2);
  EXPECT_EQ(request.preprocessing.resize, 224);
  EXPECT_TRUE(request.loader.shuffle);
  EXPECT_EQ(request.loader.augmentation.crop, CropRule::kRandom);
  EXPECT_TRUE(request.loader.augmentation.random_mirror);
  EXPECT_FALSE(request.validation);
  EXPECT_EQ(request.train.front().files.folder, "l");
  EXPECT_EQ(request.mxnet_name, "");
  EXPECT_EQ(request_of({"--save-result", "out"}).mxnet_name, "resnet-50");
}

TEST(TrainRequest, TakesTheOriginalFlags) {
  const TrainRequest request =
      request_of({"--gpus",         "0",         "--batch-size", "16",    "--epoch",       "5",
                  "--image-shape",  "3,160,128", "--image-cal",  "9",     "--image-train", "pics",
                  "--data-val",     "v.lst",     "--image-val",  "pics",  "--lr",          "0.01",
                  "--num-epoch",    "15",        "--kv-store",   "local", "--save-result", "out",
                  "--mom",          "0.8",       "--wd",         "0.001", "--save-name",   "mine",
                  "--num-examples", "160",       "--shuffle",    "off",   "--augment",     "none",
                  "--last-batch",   "mxnet",     "--seed",       "11"});
  EXPECT_EQ(request.loader.batch_size, 16);
  EXPECT_EQ(request.tasks[0].classes, 9);
  EXPECT_EQ(request.end_epoch, 15);
  EXPECT_EQ(request.preprocessing.height, 160);
  EXPECT_EQ(request.preprocessing.resize, 128);
  EXPECT_THAT(request.schedule.steps, ElementsAre(50, 100));
  EXPECT_EQ(request.loader.last_batch, LastBatch::kMxnet);
  EXPECT_EQ(request.loader.seed, 11U);
  EXPECT_FALSE(request.loader.shuffle);
  EXPECT_EQ(request.loader.augmentation.crop, CropRule::kCentre);
  EXPECT_FALSE(request.loader.augmentation.random_mirror);
  EXPECT_EQ(request.mxnet_name, "mine");
}

TEST(TrainRequest, SaysWhatIsTrainedAndHow) {
  const TrainRequest request = request_of({"--train",        "heads,stage4_*",
                                           "--bn",           "frozen",
                                           "--input-norm",   "off",
                                           "--cache",        "disk",
                                           "--cache-budget", "2",
                                           "--cache-type",   "bf16",
                                           "--views",        "3",
                                           "--optimizer",    "adamw",
                                           "--clip-norm",    "1",
                                           "--layer-decay",  "0.5",
                                           "--ema",          "0.99",
                                           "--schedule",     "cosine",
                                           "--warmup",       "7",
                                           "--last-lr",      "0.1"});
  EXPECT_THAT(request.part.items, ElementsAre("heads", "stage4_*"));
  EXPECT_EQ(request.part.batch_norm, BatchNormMode::kFrozen);
  EXPECT_EQ(request.preprocessing.std[0], 1);
  EXPECT_EQ(request.cache.place, CachePlace::kDisk);
  EXPECT_EQ(request.cache.budget_bytes, 2000000U);
  EXPECT_EQ(request.cache.dtype, DType::kBF16);
  EXPECT_EQ(request.cache.views, 3);
  EXPECT_EQ(request.optimizer.name, "adamw");
  EXPECT_EQ(request.optimizer.clip_norm, 1);
  EXPECT_EQ(request.layer_decay, 0.5);
  EXPECT_EQ(request.average_decay, 0.99);
  EXPECT_EQ(request.schedule.kind, ScheduleKind::kCosine);
  EXPECT_EQ(request.schedule.warmup, 7);
  EXPECT_EQ(request.schedule.last, 0.1);
}

TEST(TrainRequest, NeedsAValidationListForItsPatience) {
  EXPECT_THAT(refusal_of([] {
                (void)request_of({"--patience", "3"});
              }),
              HasSubstr("--patience needs a validation list"));
  EXPECT_EQ(request_of({"--patience", "3", "--data-val", "v.lst"}).patience, 3);
}

TEST(TrainRequest, RefusesWhatIsNotRead) {
  const auto refusal = [](const std::vector<std::string>& arguments) {
    return refusal_of([&] { (void)request_of(arguments); });
  };
  EXPECT_THAT(refusal({"--optimizer", "adamw", "--mom", "0.5"}),
              HasSubstr("--mom has no meaning with --optimizer adamw"));
  EXPECT_THAT(refusal({"--last-lr", "0.5"}), HasSubstr("--last-lr has no meaning with"));
  EXPECT_THAT(refusal({"--schedule", "one-cycle", "--warmup", "5"}), HasSubstr("--warmup has no"));
}

TEST(TrainRequest, RefusesWhatThereIsNot) {
  const auto refusal = [](const std::vector<std::string>& arguments) {
    return refusal_of([&] { (void)request_of(arguments); });
  };
  EXPECT_THAT(refusal({"--kv-store", "dist_sync"}), HasSubstr("several machines"));
  EXPECT_THAT(refusal({"--kv-store", "cloud"}), HasSubstr("expected local or device"));
  EXPECT_THAT(refusal({"--image-shape", "1,28,28"}), HasSubstr("expected 3,HEIGHT,WIDTH"));
  EXPECT_THAT(refusal({"--batch-sise", "3"}), HasSubstr("--batch-size"));
  EXPECT_THAT(refusal({"--precision", "f61"}), HasSubstr("'auto' or 'f32' or 'bf16'"));
}

}  // namespace
}  // namespace orthrus
