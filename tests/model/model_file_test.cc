#include "model/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "model/networks.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::refusal_of;
using testing::same_bytes;
using testing::TemporaryFolder;
using testing::tiny_model;

// A model in which next to nothing has its default.
Model unusual_model() {
  Model model = tiny_model();
  model.tasks[0].class_names = {"daisy", "rose", "näive \"quoted\"", ""};
  model.tasks[0].label_column = 3;
  model.tasks[0].missing = {-1, 0.1F};
  model.tasks[0].temperature = 1.0 / 3;
  model.tasks[0].weight = 0.25;
  model.tasks[0].class_weights = {1, 0.3, 2, 0};
  model.tasks[0].balanced = true;
  model.tasks[0].weight_by_labels = true;
  model.tasks[0].label_smoothing = 0.1;
  model.tasks[0].focal_gamma = 2;
  model.tasks[0].hidden = {64, 32};
  model.tasks[0].dropout = 0.5;
  model.tasks[0].rule = LabelRule::kSteps;
  model.tasks[0].steps = {{.expression = "label % 10"}, {.table = {{0, 1}, {2.5F, 3}}}};
  model.preprocessing.resize = 9;
  model.preprocessing.interpolation = Interpolation::kArea;
  model.preprocessing.mean = {0.1F, 123.68F, 1e-7F};
  model.preprocessing.std = {1.0F / 3, 57.12F, 255};
  model.pretrained = true;
  return model;
}

class ModelFile : public ::testing::Test {
 protected:
  ModelFile() { write_model(path_, model_, {{"epoch", "3"}}); }

  // What the reader says to the file with one entry of its metadata changed, or taken out.
  std::string refusal_with(const std::string& key, const std::optional<std::string>& text) {
    SafetensorsFile file = read_safetensors(path_);
    file.metadata.erase(key);
    if (text) file.metadata[key] = *text;
    write_safetensors(changed_, file.tensors, file.metadata);
    return refusal_of([&] { (void)read_model(changed_); });
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "model.safetensors";
  std::filesystem::path changed_ = folder_.path() / "changed.safetensors";
  Model model_ = unusual_model();
};

TEST_F(ModelFile, HoldsAllOfAModel) {
  const Model back = read_model(path_);
  EXPECT_EQ(back.graph, model_.graph);
  EXPECT_TRUE(same_bytes(back.parameters, model_.parameters));
  EXPECT_EQ(back.tasks, model_.tasks);
  EXPECT_EQ(back.preprocessing, model_.preprocessing);
  EXPECT_EQ(back.input, "data");
  EXPECT_EQ(back.origin, path_.string());
  EXPECT_TRUE(back.pretrained);
}

TEST_F(ModelFile, HoldsMultilabelTasks) {
  Model model = tiny_model();
  const Graph backbone = testing::tiny_backbone();
  model.tasks = {{.name = "tags",
                  .head = "fc",
                  .classes = 4,
                  .kind = TaskKind::kMultilabel,
                  .label_columns = {3, 1, 0, 7},
                  .column_names = {"a", "b", "c", "d"}}};
  model.graph = append_heads(backbone, backbone.outputs().front(), model.tasks);
  write_model(changed_, model);
  const Model back = read_model(changed_);
  EXPECT_EQ(back.tasks, model.tasks);
  EXPECT_EQ(back.graph, model.graph);
}

TEST_F(ModelFile, RefusesARuleThatCannotBeRead) {
  const std::string task = R"([{"name": "softmax", "head": "fc", "classes": 4, "rule": "steps",)";
  EXPECT_THAT(refusal_with("tasks", task + R"("steps": [{"expression": "label >"}]}])"),
              HasSubstr("cannot read the expression 'label >'"));
  EXPECT_THAT(refusal_with("tasks", task + R"("steps": [{"values": [1, 2], "classes": [0]}]}])"),
              HasSubstr("a rule has 2 values and 1 classes"));
  EXPECT_THAT(refusal_with("tasks", task + R"("missing": ["x"]}])"),
              HasSubstr("'missing' holds \"x\", expected numbers"));
}

TEST_F(ModelFile, TellsItsPartsWithoutReadingTensors) {
  const ModelDescription description = describe_model(path_);
  EXPECT_EQ(description.graph, model_.graph);
  EXPECT_EQ(description.tasks, model_.tasks);
  EXPECT_EQ(description.preprocessing, model_.preprocessing);
  EXPECT_TRUE(description.pretrained);
  EXPECT_EQ(description.notes, (ModelNotes{{"epoch", "3"}}));
}

TEST_F(ModelFile, TheSameModelGivesTheSameBytes) {
  write_model(changed_, model_, {{"epoch", "3"}});
  EXPECT_EQ(read_file(changed_), read_file(path_));
}

TEST_F(ModelFile, TakesTheValuesOfATrainingAndLeavesOthersOut) {
  NamedTensors parameters = model_.parameters;
  for (auto& [name, tensor] : parameters) tensor = Tensor::filled(tensor.shape(), 2);
  NamedTensors more = parameters;
  more["momentum"] = Tensor::filled({7}, 1);
  model_.parameters.clear();
  write_model(path_, model_, more);
  EXPECT_TRUE(same_bytes(read_model(path_).parameters, parameters));
}

TEST_F(ModelFile, WritesNothingThatCannotBeReadAgain) {
  const auto refusal = [&](const Model& model) {
    return refusal_of([&] { write_model(changed_, model); });
  };
  Model model = unusual_model();
  model.parameters.erase("conv_weight");
  EXPECT_THAT(refusal(model), HasSubstr("'conv_weight' has no float32 value"));
  model = unusual_model();
  model.tasks.pop_back();
  EXPECT_THAT(refusal(model), HasSubstr("1 tasks for 2 outputs"));
  model = unusual_model();
  model.tasks[0].class_names.pop_back();
  EXPECT_THAT(refusal(model), HasSubstr("4 classes and 3 class names"));
  model = unusual_model();
  model.graph = weigh_samples(model.graph);
  EXPECT_THAT(refusal(model), HasSubstr("its graph has no exact text"));
  EXPECT_FALSE(std::filesystem::exists(changed_));
}

TEST_F(ModelFile, RefusesAnEntryThatIsMissingOrWrong) {
  for (const char* key : {"graph", "tasks", "preprocessing", "pretrained"}) {
    EXPECT_THAT(refusal_with(key, std::nullopt), HasSubstr(fmt::format("'{}' is missing", key)));
    EXPECT_THAT(refusal_with(key, "{"), HasSubstr(fmt::format("its entry '{}': ", key)));
  }
  EXPECT_THAT(refusal_with("orthrus.model", std::nullopt), HasSubstr("it is no model of Orthrus"));
  EXPECT_THAT(refusal_with("orthrus.model", "x"), HasSubstr("not a number from 1 on"));
  EXPECT_THAT(refusal_with("orthrus.model", "2"),
              AllOf(HasSubstr("version 2, this program reads up to 1"), HasSubstr("newer")));
  EXPECT_THAT(refusal_with("hash", "00"), HasSubstr("not those that were written"));
  EXPECT_THAT(refusal_with("hash", std::nullopt), HasSubstr("nothing thrown"));
  EXPECT_THAT(refusal_with("more", "of a later version"), HasSubstr("nothing thrown"));
}

TEST_F(ModelFile, RefusesTasksThatDoNotFit) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({})", "no list of tasks"},
      {R"([])", "0 tasks for 2 outputs"},
      {R"([1])", "task 1: 1 is no JSON object"},
      {R"([{"name":"softmax","head":"fc"}])", "task 1: 'classes' is missing"},
      {R"([{"name":"softmax","head":"fc","classes":0}])", "'classes' is 0, expected a whole"},
      {R"([{"name":"softmax","head":"fc","classes":4.5}])", "'classes' is 4.5"},
      {R"([{"name":7,"head":"fc","classes":4}])", "'name' is 7, expected a text"},
      {R"([{"name":"softmax","head":"fc","classes":4,"rule":"odd"}])", "the label rule 'odd'"},
      {R"([{"name":"softmax","head":"fc","classes":4,"label_column":-1}])", "'label_column' is -1"},
      {R"([{"name":"softmax","head":"fc","classes":4,"colour":1}])", "'colour' is unknown"},
      {R"([{"name":"softmax","head":"fc","classes":4,"class_names":["a"]}])", "1 class names"},
      {R"([{"name":"softmax","name":"softmax","head":"fc","classes":4}])", "'name' twice"},
      {R"([{"name":"other","head":"fc","classes":4},{"name":"b","head":"c","classes":2}])",
       "expected the loss of task 'other'"},
      {R"([{"name":"softmax","head":"fc","classes":5},{"name":"b","head":"c","classes":2}])",
       "expected a fully connected layer 'fc' of 5 outputs"},
  };
  for (const auto& [tasks, reason] : cases) {
    EXPECT_THAT(refusal_with("tasks", tasks), HasSubstr(reason)) << tasks;
  }
}

TEST_F(ModelFile, RefusesPreprocessingThatCannotBe) {
  const auto json = [](const std::string& height, const std::string& std) {
    return R"({"channels":3,"height":)" + height +
           R"(,"width":8,"resize":8,"mean":[0,0,0],"std":)" + std + "}";
  };
  EXPECT_THAT(refusal_with("preprocessing", json("0", "[1,1,1]")), HasSubstr("'height' is 0"));
  EXPECT_THAT(refusal_with("preprocessing", json("1e3", "[1,1,1]")), HasSubstr("'height' is 1000"));
  EXPECT_THAT(refusal_with("preprocessing", json("8", "[1,1]")), HasSubstr("a list of 3 numbers"));
  EXPECT_THAT(refusal_with("preprocessing", json("8", "[1,0,1]")), HasSubstr("holds a zero"));
  EXPECT_THAT(refusal_with("preprocessing", json("8", "[1,1e300,1]")), HasSubstr("too large"));
  EXPECT_THAT(refusal_with("preprocessing", "[]"), HasSubstr("no JSON object"));
  EXPECT_THAT(refusal_with("preprocessing", json("8", R"([1,1,1],"interpolation":"cubist")")),
              HasSubstr("'interpolation' is 'cubist', expected one of cubic, linear"));
}

TEST_F(ModelFile, RefusesTensorsThatDoNotFitTheGraph) {
  SafetensorsFile file = read_safetensors(path_);
  file.metadata.erase("hash");
  const auto refusal = [&] {
    write_safetensors(changed_, file.tensors, file.metadata);
    return refusal_of([&] { (void)read_model(changed_); });
  };
  const Tensor bias = file.tensors.at("fc_bias");
  file.tensors["fc_bias"] = Tensor::zeros({5});
  EXPECT_THAT(refusal(), HasSubstr("parameter 'fc_bias' has the shape (5), the network needs (4)"));
  file.tensors.erase("fc_bias");
  EXPECT_THAT(refusal(), HasSubstr("1 parameters of the network are missing: fc_bias"));
  file.tensors["fc_bias"] = bias;
  file.tensors["more"] = Tensor::zeros({1});
  EXPECT_THAT(refusal(), HasSubstr("nothing thrown"));
}

TEST_F(ModelFile, FindsAFlippedBitOfATensor) {
  std::vector<std::byte> bytes = read_file(path_);
  bytes.back() ^= std::byte{1};
  EXPECT_THAT(refusal_of([&] { (void)parse_model(bytes, "f"); }),
              HasSubstr("cannot read the model 'f': its tensors are not those"));
}

}  // namespace
}  // namespace orthrus
