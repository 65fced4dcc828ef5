#include "train/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/options_parse.h"
#include "formats/mxnet/checkpoint.h"
#include "train/missing_pictures.h"
#include "train/options.h"
#include "train/training.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kPictures;
using testing::RecordingObserver;
using testing::refusal_of;
using testing::TemporaryFolder;
using testing::tiny_model;

class Run : public ::testing::Test {
 protected:
  void SetUp() override {
    const Model model = tiny_model();
    mxnet::save_checkpoint((folder_.path() / "start").string(), 0, model.graph, model.parameters);
    request_.model = (folder_.path() / "start").string();
    request_.end_epoch = 1;
    request_.tasks = model.tasks;
    request_.preprocessing = model.preprocessing;
    request_.train = {kPictures / "train.lst", kPictures};
    request_.validation = {kPictures / "val.lst", kPictures};
    request_.loader.batch_size = 8;
    request_.save_folder = folder_.path() / "out";
    request_.save_name = "tiny";
  }

  std::filesystem::path write_list(const std::string& text) {
    const std::filesystem::path path = folder_.path() / "some.lst";
    write_file(path, text);
    return path;
  }
  std::string refusal() {
    return refusal_of([&] { run_training(request_, *backend_, observer_); });
  }

  TemporaryFolder folder_;
  TrainRequest request_;
  std::unique_ptr<Backend> backend_ = make_ref_backend();
  RecordingObserver observer_;
};

TEST_F(Run, ContinuesFromItsOwnCheckpoint) {
  run_training(request_, *backend_, observer_);
  EXPECT_THAT(observer_.notes, Contains(HasSubstr("heads taken from the model: fc_bias")));
  request_.model = (request_.save_folder / "tiny").string();
  request_.first_epoch = 1;
  request_.end_epoch = 3;
  run_training(request_, *backend_, observer_);
  EXPECT_THAT(mxnet::saved_epochs(request_.model), ElementsAre(1, 2, 3));
}

TEST_F(Run, GivesNewHeadsToANetworkWithOtherClasses) {
  request_.tasks = classic_tasks(7);
  run_training(request_, *backend_, observer_);
  EXPECT_THAT(observer_.warnings, Contains(HasSubstr("start anew: fc_bias, fc_weight")));
}

TEST_F(Run, HasNothingToDoWhenTheEndIsNotOverTheStart) {
  request_.first_epoch = 1;
  EXPECT_THAT(refusal(), AllOf(HasSubstr("--num-epoch 1 is not over --epoch 1"),
                               HasSubstr("not how many there are")));
}

TEST_F(Run, FindsLabelsOutOfRangeBeforeTraining) {
  request_.train.list = write_list(
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
  request_.train.list = write_list(text);
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("12 of 13 pictures are missing"), HasSubstr("none/0.jpg, none/1.jpg"),
                    HasSubstr("none/9.jpg, ..."), HasSubstr("--on-bad-image=skip")));
  EXPECT_THAT(observer_.steps, IsEmpty());

  request_.loader.on_bad_image = OnBadImage::kSkip;
  run_training(request_, *backend_, observer_);
  EXPECT_THAT(observer_.warnings, Contains(HasSubstr("12 of 13 pictures are missing")));
}

TEST_F(Run, KeepsTheOptionsBesideTheCheckpointsOnceEverythingIsChecked) {
  const std::filesystem::path config = request_.save_folder / "tiny-config.toml";
  request_.config = "x = 1\n";
  request_.layer = "none";
  EXPECT_THAT(refusal(), HasSubstr("'none'"));
  EXPECT_FALSE(std::filesystem::exists(config));
  request_.layer.clear();
  run_training(request_, *backend_, observer_);
  EXPECT_EQ(read_text(config), request_.config);
}

TEST_F(Run, RefusesAFolderThatCannotBeWritten) {
  write_file(folder_.path() / "file", "not a folder");
  request_.save_folder = folder_.path() / "file" / "out";
  try {
    run_training(request_, *backend_, observer_);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kResource);
    EXPECT_THAT(error.message(), HasSubstr((folder_.path() / "file").string()));
  }
}

TEST_F(Run, RefusesAPictureThatIsNone) {
  write_file(folder_.path() / "web.jpg", "<html>not found</html>");
  request_.train = {write_list("0\t1\tweb.jpg\n"), folder_.path()};
  request_.validation.reset();
  EXPECT_THAT(refusal(), HasSubstr("web.jpg"));
}

TEST(MissingPictures, OfALongListAreFoundBesideTheTraining) {
  ImageList list;
  list.origin = "long.lst";
  list.entries = {{.index = 0, .labels = {0}, .path = "none.jpg", .line = 1}};
  MissingPictures search(list, kPictures, OnBadImage::kSkip, 0);
  std::string said;
  while (said.empty()) said = search.poll();
  EXPECT_THAT(said, HasSubstr("long.lst: 1 of 1 pictures are missing"));
  EXPECT_EQ(search.poll(), "");
}

// The request that a command line makes.
TrainRequest request_of(const std::vector<std::string>& more) {
  OptionTable table;
  table.add(train_options());
  std::vector<std::string> arguments = {"--model", "x/resnet-50",  "--num-classes",
                                        "4",       "--data-train", "l/t.lst"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return train_request(parse_options(table, {}, arguments, {}));
}

TEST(TrainRequest, HasTheDefaultsOfTheOriginalParser) {
  const TrainRequest request = request_of({});
  EXPECT_EQ(request.loader.batch_size, 200);
  EXPECT_EQ(request.schedule.base, 0.001);
  EXPECT_THAT(request.schedule.steps, ElementsAre(500, 1000));
  EXPECT_EQ(request.sgd.momentum, 0.9);
  EXPECT_EQ(request.sgd.weight_decay, 1e-4);
  EXPECT_EQ(request.first_epoch, 0);
  EXPECT_EQ(request.end_epoch, 2);
  EXPECT_EQ(request.preprocessing.resize, 224);
  EXPECT_TRUE(request.loader.shuffle);
  EXPECT_TRUE(request.augment);
  EXPECT_FALSE(request.validation);
  EXPECT_EQ(request.train.folder, "l");
  EXPECT_EQ(request.save_name, "resnet-50");
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
  EXPECT_FALSE(request.augment);
  EXPECT_EQ(request.save_name, "mine");
}

TEST(TrainRequest, RefusesWhatThereIsNot) {
  const auto refusal = [](const std::vector<std::string>& arguments) {
    return refusal_of([&] { (void)request_of(arguments); });
  };
  EXPECT_THAT(refusal({"--kv-store", "dist_sync"}), HasSubstr("several machines"));
  EXPECT_THAT(refusal({"--kv-store", "cloud"}), HasSubstr("expected local or device"));
  EXPECT_THAT(refusal({"--image-shape", "1,28,28"}), HasSubstr("expected 3,HEIGHT,WIDTH"));
  EXPECT_THAT(refusal({"--batch-sise", "3"}), HasSubstr("--batch-size"));
  EXPECT_THAT(refusal({"--precision", "bf16"}), HasSubstr("f32"));
}

}  // namespace
}  // namespace orthrus
