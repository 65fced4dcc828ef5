#include "model/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "formats/mxnet/checkpoint.h"
#include "formats/safetensors/safetensors.h"
#include "model/model_file.h"
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
  EXPECT_THAT(
      refusal(empty.path().string()),
      HasSubstr("no model (best.safetensors, last.safetensors or *-symbol.json) in the folder"));
}

TEST_F(Resolve, SaysWhichEpochsThereAre) {
  EXPECT_THAT(refusal_of([&] { (void)load_network(resolve_model(prefix_, 1), 0, {}, 0); }),
              AllOf(HasSubstr("0001.params"), HasSubstr("0"), HasSubstr("2")));
}

class ResolveFile : public Resolve {
 protected:
  std::string write(const std::string& name) {
    write_model(folder_.path() / name, testing::tiny_model());
    return (folder_.path() / name).string();
  }
  std::string refusal_of_tensors(const NamedTensors& tensors,
                                 const std::map<std::string, std::string>& metadata = {}) {
    const std::filesystem::path path = folder_.path() / "x.safetensors";
    write_safetensors(path, tensors, metadata);
    return refusal(path.string());
  }
  static ModelSource model_file(const std::string& path) {
    return {.kind = ModelSource::Kind::kModelFile, .name = path};
  }
};

TEST_F(ResolveFile, PrefersTheBestModelOfARunThenTheLastThenMxnets) {
  const std::string run = folder_.path().string();
  EXPECT_EQ(resolve_model(run, {}), newest_);
  const std::string last = write("last.safetensors");
  EXPECT_EQ(resolve_model(run, {}), model_file(last));
  const std::string best = write("best.safetensors");
  EXPECT_EQ(resolve_model(run, {}), model_file(best));
  EXPECT_EQ(resolve_model(run, {}, 0), model_file(best));
  EXPECT_EQ(resolve_model(last, {}), model_file(last));
  // An epoch is MXNet's.
  EXPECT_EQ(resolve_model(run, 0), (ModelSource{.name = prefix_, .epoch = 0}));
}

TEST_F(ResolveFile, TakesTheDefaultEpochWhereNoneIsAsked) {
  EXPECT_EQ(resolve_model(prefix_, {}, 0), (ModelSource{.name = prefix_, .epoch = 0}));
  EXPECT_EQ(resolve_model(prefix_, 2, 0), newest_);
  EXPECT_EQ(resolve_model(prefix_ + "-0002.params", {}, 0), newest_);
}

TEST_F(ResolveFile, TellsAModelByItsContent) {
  EXPECT_EQ(resolve_model(write("weights"), {}), model_file(folder_.path() / "weights"));
}

TEST_F(ResolveFile, DescribesAndLoadsAModelFile) {
  Model model = testing::tiny_model();
  const ModelSource source = resolve_model(write("best.safetensors"), {});
  const SourceDescription description = describe_source(source);
  EXPECT_EQ(description.preprocessing, model.preprocessing);
  EXPECT_EQ(description.tasks, model.tasks);
  EXPECT_EQ(load_network(source, 0, {}, 0).graph, model.graph);
  // The file's own preprocessing, not the caller's.
  EXPECT_EQ(load_model(source, {}).preprocessing, model.preprocessing);
  EXPECT_EQ(load_model(source, {}).origin, source.name);
}

TEST_F(ResolveFile, RefusesOtherSafetensorsFilesByWhatTheyAre) {
  const Tensor one = Tensor::zeros({1});
  EXPECT_THAT(refusal_of_tensors({{"features.0.weight", one}}),
              AllOf(HasSubstr("holds 1 tensors (features.0.weight) that are no model known"),
                    HasSubstr("supported are model files of Orthrus, and the weights of ResNet")));
  EXPECT_THAT(refusal_of_tensors({{"a", one}}, {{"orthrus.checkpoint", "1"}}),
              AllOf(HasSubstr("is a checkpoint of a training"), HasSubstr("--resume")));
  const std::string broken = (folder_.path() / "broken.safetensors").string();
  write_file(broken, "<html>");
  EXPECT_THAT(refusal(broken), HasSubstr("the file has 6 bytes only"));
  EXPECT_THAT(refusal((folder_.path() / "brokn.safetensors").string()), HasSubstr("did you mean"));
}

TEST_F(ResolveFile, SaysWhatAFileOfAnotherProgramIs) {
  using namespace std::string_literals;
  const auto refusal_of_bytes = [&](const std::string& name, const std::string& bytes) {
    write_file(folder_.path() / name, bytes);
    return refusal((folder_.path() / name).string());
  };
  const std::string zip = "PK\x03\x04"s + std::string(26, '\0');
  // By their bytes, whatever the ending.
  for (const char* name : {"a.pth", "a.bin", "a", "a.weights"}) {
    EXPECT_THAT(refusal_of_bytes(name, zip + "archive/data.pkl"),
                AllOf(HasSubstr("it is a PyTorch checkpoint"), HasSubstr("weights_only=True"),
                      HasSubstr("from safetensors.torch import save_file")));
    EXPECT_THAT(refusal_of_bytes(name, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46"),
                AllOf(HasSubstr("it is a pickle"), HasSubstr("torch.load('"), HasSubstr(name)));
    EXPECT_THAT(refusal_of_bytes(name, "\x89HDF\r\n\x1a\n\0\0"s), HasSubstr("it is an HDF5 file"));
    EXPECT_THAT(refusal_of_bytes(name, "\x08\x08\x12\x07pytorch\x1a\x03"),
                AllOf(HasSubstr("it is an ONNX model"), HasSubstr("state_dict()")));
    EXPECT_THAT(refusal_of_bytes(name, "\x1c\0\0\0TFL3\0"s), HasSubstr("TensorFlow Lite"));
    EXPECT_THAT(refusal_of_bytes(name, "\x08\x01\x12\xff\x22"), HasSubstr("a TensorFlow graph"));
    EXPECT_THAT(refusal_of_bytes(name, zip + "archive/code/__torch__/x.py archive/constants.pkl"),
                AllOf(HasSubstr("it is a TorchScript archive"), HasSubstr("torch.jit.load")));
    EXPECT_THAT(refusal_of_bytes(name, zip + "metadata.json config.json model.weights.h5"),
                HasSubstr("it is a Keras model"));
    EXPECT_THAT(refusal_of_bytes(name, zip + "best/data.pkl ultralytics.nn.tasks"),
                HasSubstr("a checkpoint of Ultralytics"));
    EXPECT_THAT(refusal_of_bytes(name, ""), HasSubstr("it is an empty file"));
    EXPECT_THAT(refusal_of_bytes(name, "version https://git-lfs.github.com/spec/v1\n"),
                HasSubstr("git lfs pull"));
  }
  EXPECT_THAT(refusal_of_bytes("frozen.pb", "\x0a\x2f\x0a"), HasSubstr("a TensorFlow graph"));
  EXPECT_THAT(refusal_of_bytes("b.safetensors", zip + "archive/data.pkl"),
              AllOf(HasSubstr("b.safetensors"), HasSubstr("it is a PyTorch checkpoint")));
  EXPECT_THAT(refusal_of_bytes("c.txt", "hello"), HasSubstr("c.txt' is not a model file |"));
}

TEST_F(ResolveFile, SaysWhatAFolderOfAnotherProgramIs) {
  const TemporaryFolder hub, saved;
  write_file(hub.path() / "config.json", "{}");
  write_file(hub.path() / "pytorch_model.bin", "PK\x03\x04 x/data.pkl");
  EXPECT_THAT(refusal(hub.path().string()),
              AllOf(HasSubstr("a folder with PyTorch weights (pytorch_model.bin)"),
                    HasSubstr("weights_only=True")));
  const std::filesystem::path weights = hub.path() / "model.safetensors";
  write_safetensors(weights, {{"layer1.0.conv1.weight", Tensor::zeros({1})}}, {});
  EXPECT_EQ(resolve_model(hub.path().string(), {}),
            (ModelSource{.kind = ModelSource::Kind::kTorch, .name = weights.string()}));
  write_file(saved.path() / "saved_model.pb", "\x08\x01\x12");
  EXPECT_THAT(refusal(saved.path().string()), HasSubstr("a TensorFlow SavedModel"));
}

TEST_F(ResolveFile, SaysWhatATorchFileLacks) {
  const std::filesystem::path path = folder_.path() / "r.safetensors";
  write_safetensors(path, {{"layer1.0.conv1.weight", Tensor::zeros({1})}}, {});
  const ModelSource source = resolve_model(path.string(), {});
  EXPECT_EQ(source.kind, ModelSource::Kind::kTorch);
  EXPECT_THAT(refusal_of([&] { (void)load_model(source, {}); }),
              AllOf(HasSubstr("r.safetensors': it is not the state dict of a plain ResNet"),
                    HasSubstr("missing: conv1.weight")));
}

// NaN or infinity anywhere, a single value: told by the tensor's name.
TEST_F(ResolveFile, RefusesValuesThatAreNotFinite) {
  const Model whole = testing::tiny_model();
  const std::string path = (folder_.path() / "bad.safetensors").string();
  const auto refusal_with = [&](const std::string& name, float value) {
    Model model = whole;
    model.parameters[name] = model.parameters.at(name).clone();
    model.parameters[name].data().back() = value;
    write_model(path, model);
    return refusal_of([&] { (void)load_model(resolve_model(path, {}), {}); });
  };
  for (const char* name :
       {"conv_weight", "bn_beta", "bn_moving_var", "bn_moving_mean", "fc_bias"}) {
    for (const float value : {NAN, INFINITY, -INFINITY}) {
      EXPECT_THAT(refusal_with(name, value),
                  AllOf(HasSubstr("1 of its"), HasSubstr("(NaN or infinity): " + std::string(name)),
                        HasSubstr("take an earlier checkpoint")));
    }
  }
  EXPECT_EQ(refusal_with("fc_bias", 3e38F), "nothing thrown");
}

TEST_F(ResolveFile, RefusesMxnetValuesThatAreNotFinite) {
  LoadedNetwork network = small_network();
  network.parameters["fc1_bias"].data()[2] = NAN;
  network.parameters["fc0_weight"].data()[0] = INFINITY;
  mxnet::save_checkpoint(prefix_, 5, network.graph, network.parameters);
  EXPECT_THAT(
      refusal_of([&] { (void)load_model(resolve_model(prefix_, 5), testing::small_pictures()); }),
      AllOf(HasSubstr("small, epoch 5: 2 of its 4 parameters"), HasSubstr("fc0_weight, fc1_bias")));
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
