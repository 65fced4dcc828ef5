#include "model/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "formats/mxnet/checkpoint.h"
#include "model/model.h"
#include "model/networks.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::refusal_of;
using testing::small_network;
using testing::TemporaryFolder;

class Resolve : public ::testing::Test {
 protected:
  void SetUp() override {
    const LoadedNetwork network = small_network();
    for (const int epoch : {0, 2}) {
      mxnet::save_checkpoint(prefix_, epoch, network.graph, network.parameters);
    }
  }
  static std::string refusal(const std::string& text, std::optional<int> epoch = {}) {
    return refusal_of([&] { (void)resolve_model(text, epoch); });
  }

  TemporaryFolder folder_;
  std::string prefix_ = (folder_.path() / "small").string();
  ModelSource newest_{.name = prefix_, .epoch = 2};
};

TEST_F(Resolve, FindsTheNewestCheckpointOfAPrefixAFolderOrASymbolFile) {
  EXPECT_EQ(resolve_model(prefix_, {}), newest_);
  EXPECT_EQ(resolve_model(folder_.path().string(), {}), newest_);
  EXPECT_EQ(resolve_model(prefix_ + "-symbol.json", {}), newest_);
}

TEST_F(Resolve, TakesTheEpochThatWasAskedFor) {
  const ModelSource first{.name = prefix_, .epoch = 0};
  EXPECT_EQ(resolve_model(prefix_, 0), first);
  EXPECT_EQ(resolve_model(prefix_ + "-0000.params", {}), first);
  EXPECT_THAT(refusal(prefix_ + "-0000.params", 2), HasSubstr("--epoch 2 was given"));
}

TEST_F(Resolve, ListsBothOfTwoMatches) {
  const LoadedNetwork network = small_network();
  mxnet::save_checkpoint((folder_.path() / "other").string(), 0, network.graph, network.parameters);
  EXPECT_THAT(
      refusal(folder_.path().string()),
      AllOf(HasSubstr("may mean 2 models"), HasSubstr("/other in"), HasSubstr("/small in")));
}

TEST_F(Resolve, SuggestsPrefixesAndBuiltinNetworks) {
  EXPECT_THAT(refusal((folder_.path() / "smal").string()), HasSubstr("did you mean"));
  EXPECT_THAT(refusal("resnet50_v3"), HasSubstr("resnet50_v2"));
  EXPECT_THAT(refusal(folder_.path().string() + "/none"), HasSubstr("no model"));
}

TEST_F(Resolve, RefusesWhatIsNoModel) {
  const std::string page = (folder_.path() / "page.params").string();
  write_file(page, "<html>404</html>");
  EXPECT_THAT(refusal(page), HasSubstr("is not a model file"));
  const TemporaryFolder empty;
  EXPECT_THAT(refusal(empty.path().string()), HasSubstr("no checkpoint (*-symbol.json)"));
}

TEST_F(Resolve, SaysWhichEpochsThereAre) {
  EXPECT_THAT(refusal_of([&] { (void)load_network(resolve_model(prefix_, 1), 0, {}, 0); }),
              AllOf(HasSubstr("0001.params"), HasSubstr("0"), HasSubstr("2")));
}

TEST(LoadNetwork, GivesABuiltinNetworkValuesOfTheSeed) {
  const ModelSource source = resolve_model("resnet20_small", {});
  EXPECT_EQ(source.kind, ModelSource::Kind::kBuiltin);
  Preprocessing preprocessing;
  preprocessing.height = preprocessing.width = preprocessing.resize = 28;
  const LoadedNetwork network = load_network(source, 10, preprocessing, 1);
  const Model model =
      assemble_model(network.graph, network.parameters, preprocessing, source.to_string());
  EXPECT_EQ(model.tasks.front().classes, 10);
}

}  // namespace
}  // namespace orthrus
