#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "formats/safetensors/safetensors.h"
#include "train/run.h"
#include "train/run_fixture.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kPictures;
using testing::Run;

// What a resume that cannot be right is told. The first training stands in out_.
class Resume : public Run {
 protected:
  void SetUp() override {
    Run::SetUp();
    request_.end_epoch = 2;
    train();
    request_.end_epoch = 3;
    request_.resume = true;
  }
  std::filesystem::path newest() { return checkpoint_files(out_ / "checkpoints").front(); }
};

TEST_F(Resume, TellsWhereTheTrainingStandsAndTheLogStood) {
  EXPECT_THAT(observer_.resumed_states, IsEmpty());
  train();
  ASSERT_EQ(observer_.resumed_states.size(), 1U);
  EXPECT_EQ(observer_.resumed_states[0].epoch, 2);
  EXPECT_EQ(observer_.resumed_states[0].log_size, 17U);
}

// Larger pictures make a larger last layer.
TEST_F(Resume, RefusesACheckpointOfAnotherNetwork) {
  request_.preprocessing.height = request_.preprocessing.width = request_.preprocessing.resize = 12;
  EXPECT_THAT(refusal(), AllOf(HasSubstr("cannot continue from '" + newest().string()),
                               HasSubstr("fc_weight")));
}

TEST_F(Resume, RefusesACheckpointOfOtherTasks) {
  request_.tasks.pop_back();
  EXPECT_THAT(refusal(), AllOf(HasSubstr("cannot continue from '" + newest().string()),
                               HasSubstr("it is of 2 tasks, this training has 1")));
  request_.tasks = classic_tasks(7);
  EXPECT_THAT(refusal(), HasSubstr("fc_bias"));
}

TEST_F(Resume, RefusesOtherLabelsUnlessForced) {
  request_.train.front().files.list =
      write_list("0\t1\timages/00_plain.jpg\n1\t1\timages/01_gray.jpg\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("some.lst' (2 pictures) does not list what"),
                               HasSubstr("train.lst' (16) did"), HasSubstr("--force")));
  request_.force = true;
  train();
  EXPECT_THAT(observer_.warnings, Contains(HasSubstr("changed since: ")));
}

// The task wants column 2, as it did when the training began.
TEST_F(Resume, RefusesFewerLabelColumns) {
  request_.tasks[1].label_column = 1;
  request_.tasks[1].rule = LabelRule::kIdentity;
  EXPECT_THAT(refusal(), AllOf(HasSubstr("train.lst:1: "), HasSubstr("column 2")));
}

TEST_F(Resume, DoesNotBeginAnewWhereNoCheckpointCanBeUsed) {
  const std::vector<std::filesystem::path> files = checkpoint_files(out_ / "checkpoints");
  for (const std::filesystem::path& file : files) {
    write_safetensors(file, {}, {{"orthrus.checkpoint", "2"}});
  }
  EXPECT_THAT(refusal(), AllOf(HasSubstr("no checkpoint can be used"), HasSubstr("version 2"),
                               HasSubstr("without --resume")));
  EXPECT_EQ(checkpoint_files(out_ / "checkpoints"), files) << "they are not ours to remove";
}

TEST_F(Resume, TellsOfAnotherProgramOrMachine) {
  std::string environment = read_text(out_ / "environment.json");
  const size_t plan = environment.find("\"plan\": \"") + 9;
  environment.replace(plan, 16, "0123456789abcdef");
  write_file(out_ / "environment.json", environment);
  train();
  EXPECT_THAT(observer_.warnings, Contains(AllOf(HasSubstr("not be the same bytes: plan: "),
                                                 HasSubstr("was \"0123456789abcdef\""))));
  observer_.warnings.clear();
  request_.end_epoch = 4;
  train();
  EXPECT_THAT(observer_.warnings, ::testing::Each(::testing::Not(HasSubstr("plan: "))));
}

// A version that comes later may have written the newest; the one before is ours.
TEST_F(Resume, LeavesANewerVersionsCheckpointWhereItIs) {
  const std::filesystem::path later = out_ / "checkpoints/step-0000000099.safetensors";
  write_safetensors(later, {}, {{"orthrus.checkpoint", "2"}});
  train();
  EXPECT_THAT(observer_.warnings,
              Contains(AllOf(HasSubstr("passed over"), HasSubstr("version 2"))));
  EXPECT_TRUE(std::filesystem::exists(later));
}

}  // namespace
}  // namespace orthrus
