#include "formats/torch/resnet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/error_matcher.h"

namespace orthrus::torch {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

void add_norm(NamedTensors& state, const std::string& name, int64_t width) {
  for (const char* field : {".weight", ".bias", ".running_mean", ".running_var"}) {
    state[name + field] = Tensor::zeros({width});
  }
  state[name + ".num_batches_tracked"] = Tensor::zeros({}, DType::kI64);
}

// A state dict with torchvision's names: stages of 8, 16, 32 and 64 channels (four times as many
// after a bottleneck), one unit each but two in the second.
NamedTensors small_state(bool bottleneck) {
  NamedTensors state;
  state["conv1.weight"] = Tensor::zeros({8, 3, 7, 7});
  add_norm(state, "bn1", 8);
  int64_t in = 8;
  for (int stage = 1; stage <= 4; ++stage) {
    const int64_t inner = int64_t{4} << stage;
    const int64_t out = bottleneck ? 4 * inner : inner;
    for (int unit = 0; unit < (stage == 2 ? 2 : 1); ++unit) {
      const std::string name = fmt::format("layer{}.{}.", stage, unit);
      const bool projects = in != out || (unit == 0 && stage > 1);
      const int64_t kernel = bottleneck ? 1 : 3;
      state[name + "conv1.weight"] = Tensor::zeros({inner, in, kernel, kernel});
      state[name + "conv2.weight"] = Tensor::zeros({inner, inner, 3, 3});
      if (bottleneck) state[name + "conv3.weight"] = Tensor::zeros({out, inner, 1, 1});
      add_norm(state, name + "bn1", inner);
      add_norm(state, name + "bn2", inner);
      if (bottleneck) add_norm(state, name + "bn3", out);
      if (projects) state[name + "downsample.0.weight"] = Tensor::zeros({out, in, 1, 1});
      if (projects) add_norm(state, name + "downsample.1", out);
      in = out;
    }
  }
  state["fc.weight"] = Tensor::zeros({5, in});
  state["fc.bias"] = Tensor::zeros({5});
  return state;
}

Error refusal(const NamedTensors& state) {
  return error_of([&] { (void)read_resnet({.tensors = state, .metadata = {}}); });
}

TEST(TorchResnet, TellsTheNetworkFromNamesAndShapes) {
  for (const bool bottleneck : {false, true}) {
    const Network network = read_resnet({.tensors = small_state(bottleneck), .metadata = {}});
    const auto shapes = infer_shapes(network.graph, {{"data", Shape{1, 3, 64, 64}}});
    const auto shape_of = [&](const char* layer) {
      return shapes.at(static_cast<size_t>(network.graph.find(layer).value()));
    };
    EXPECT_EQ(shape_of("pooling0"), (Shape{1, 8, 16, 16}));
    EXPECT_EQ(shape_of("flatten0"), (Shape{1, bottleneck ? 256 : 64}));
    EXPECT_EQ(shape_of("fc1"), (Shape{1, 5}));
    EXPECT_TRUE(network.graph.find("stage2_unit2_conv2"));
    EXPECT_FALSE(network.graph.find("stage2_unit3_conv1"));
    // Nothing changes size in the first unit of a network of basic blocks.
    EXPECT_EQ(network.graph.find("stage1_unit1_sc").has_value(), bottleneck);
    EXPECT_TRUE(network.graph.find("stage2_unit1_sc"));
  }
}

TEST(TorchResnet, TakesTheStrideInTheMiddleAndTorchsEps) {
  const Network network = read_resnet({.tensors = small_state(true), .metadata = {}});
  const auto layer = [&](const char* name) {
    return network.graph.node(network.graph.find(name).value());
  };
  EXPECT_EQ(std::get<Convolution>(layer("stage2_unit1_conv1").op).stride, (Pair{1, 1}));
  EXPECT_EQ(std::get<Convolution>(layer("stage2_unit1_conv2").op).stride, (Pair{2, 2}));
  EXPECT_EQ(std::get<BatchNorm>(layer("stage2_unit1_bn1").op).eps, 1e-5);
  EXPECT_FALSE(std::get<BatchNorm>(layer("bn0").op).fix_gamma);
}

TEST(TorchResnet, WidensHalfPrecision) {
  NamedTensors state = small_state(false);
  state["fc.bias"] = Tensor::zeros({5}, DType::kF16);
  const Network network = read_resnet({.tensors = state, .metadata = {}});
  EXPECT_EQ(network.parameters.at("fc1_bias").dtype(), DType::kF32);
}

TEST(TorchResnet, ListsMissingAndUnknownNames) {
  NamedTensors state = small_state(false);
  state.erase("fc.bias");
  state.erase("layer3.0.bn2.running_var");
  state["layer1.0.se.fc1.weight"] = Tensor::zeros({1});
  state["layer5.0.conv1.weight"] = Tensor::zeros({1});
  const Error error = refusal(state);
  EXPECT_EQ(error.kind(), ErrorKind::kInput);
  EXPECT_THAT(error.message(),
              AllOf(HasSubstr("missing: layer3.0.bn2.running_var;"),
                    HasSubstr("unknown: layer1.0.se.fc1.weight, layer5.0.conv1.weight"),
                    Not(HasSubstr("num_batches_tracked"))));
  EXPECT_THAT(error.hint(), HasSubstr("ResNet-18, 34, 50, 101 and 152"));
}

// timm's resnet50d, torchvision's wide_resnet50_2 and resnext50_32x4d, a stem for small pictures.
TEST(TorchResnet, RefusesRelatedNetworks) {
  NamedTensors deep_stem = small_state(true);
  deep_stem["conv1.0.weight"] = deep_stem["conv1.weight"];
  deep_stem.erase("conv1.weight");
  EXPECT_THAT(refusal(deep_stem).message(),
              AllOf(HasSubstr("missing: conv1.weight"), HasSubstr("unknown: conv1.0.weight")));

  NamedTensors wide = small_state(true);
  wide["layer1.0.conv1.weight"] = Tensor::zeros({16, 8, 1, 1});
  EXPECT_THAT(refusal(wide).message(),
              HasSubstr("'layer1.0.conv1.weight' has the shape (16,8,1,1), a plain ResNet has "
                        "(8,8,1,1)"));

  NamedTensors grouped = small_state(true);
  grouped["layer1.0.conv2.weight"] = Tensor::zeros({8, 1, 3, 3});
  EXPECT_THAT(refusal(grouped).message(), HasSubstr("a plain ResNet has (8,8,3,3)"));

  NamedTensors small_stem = small_state(true);
  small_stem["conv1.weight"] = Tensor::zeros({8, 3, 3, 3});
  EXPECT_THAT(refusal(small_stem).message(), HasSubstr("a plain ResNet has (8,3,7,7)"));

  NamedTensors whole_numbers = small_state(true);
  whole_numbers["conv1.weight"] = Tensor::zeros({8, 3, 7, 7}, DType::kI32);
  EXPECT_THAT(refusal(whole_numbers).message(), HasSubstr("elements of the type i32"));
}

TEST(TorchResnet, RefusesShapesThatCannotBe) {
  for (const Shape& shape : {Shape{}, Shape{0, 3, 7, 7}, Shape{INT64_MAX, 0, 7, 7}, Shape{7, 3}}) {
    NamedTensors state = small_state(false);
    state["conv1.weight"] = Tensor::zeros(shape);
    state["layer2.0.conv2.weight"] = Tensor::zeros(shape);
    state["fc.bias"] = Tensor::zeros({0});
    EXPECT_EQ(refusal(state).kind(), ErrorKind::kInput) << shape.to_string();
  }
}

NamedTensors with_prefix(const std::string& prefix, const NamedTensors& state) {
  NamedTensors renamed;
  for (const auto& [name, tensor] : state) renamed[prefix + name] = tensor;
  return renamed;
}

NamedTensors without_head(NamedTensors state) {
  state.erase("fc.weight");
  state.erase("fc.bias");
  return state;
}

Network read(const NamedTensors& state) {
  return read_resnet({.tensors = state, .metadata = {}});
}

TEST(TorchResnet, TakesWeightsWithoutAHead) {
  const Network network = read(without_head(small_state(true)));
  EXPECT_FALSE(network.has_head);
  EXPECT_FALSE(network.parameters.contains("fc1_weight"));
  EXPECT_THAT(network.notes, ElementsAre(HasSubstr("no classification head")));
  EXPECT_TRUE(read(small_state(true)).has_head);
  EXPECT_THAT(read(small_state(true)).notes, IsEmpty());
}

TEST(TorchResnet, LeavesOutAPrefix) {
  for (const char* prefix : {"module.", "_orig_mod.", "model.", "state_dict.", "a.b.c."}) {
    const NamedTensors state = with_prefix(prefix, small_state(false));
    SafetensorsHeader header;
    for (const auto& [name, tensor] : state) header.tensors[name] = {};
    EXPECT_TRUE(is_resnet(header));
    const Network network = read(state);
    EXPECT_TRUE(network.has_head) << prefix;
    EXPECT_EQ(network.parameters.size(), network.stored_names.size());
    EXPECT_EQ(network.stored_names.at("conv0_weight"), std::string(prefix) + "conv1.weight");
    EXPECT_THAT(network.notes, ElementsAre(HasSubstr("'" + std::string(prefix) + "'")));
  }
}

TEST(TorchResnet, KnowsTheHeadByOtherNames) {
  for (const char* name : {"fc.1", "head", "head.fc", "last_linear", "classifier.3"}) {
    NamedTensors state = without_head(small_state(false));
    state[name + std::string(".weight")] = Tensor::filled({3, 64}, 2);
    state[name + std::string(".bias")] = Tensor::zeros({3});
    const Network network = read(state);
    ASSERT_TRUE(network.has_head) << name;
    EXPECT_EQ(network.parameters.at("fc1_weight").data()[0], 2.0F);
    EXPECT_EQ(network.parameters.at("fc1_bias").shape(), Shape{3});
    EXPECT_THAT(network.notes, ElementsAre(HasSubstr("'" + std::string(name) + "' is taken")));
    // Beside the network.
    NamedTensors apart = with_prefix("model.backbone.", without_head(small_state(false)));
    for (const char* part : {".weight", ".bias"}) {
      apart["model." + std::string(name) + part] = state[name + std::string(part)];
    }
    EXPECT_TRUE(read(apart).has_head) << name;
  }
}

TEST(TorchResnet, AProjectionIsNoHead) {
  NamedTensors state = without_head(small_state(false));
  for (const char* layer : {"fc.0", "fc.2"}) {
    state[layer + std::string(".weight")] = Tensor::zeros({64, 64});
    state[layer + std::string(".bias")] = Tensor::zeros({64});
  }
  const Network network = read(state);
  EXPECT_FALSE(network.has_head);
  EXPECT_THAT(network.notes,
              ElementsAre(HasSubstr("no classification head"),
                          HasSubstr("4 tensors of the file are not used: fc.0.bias, fc.0.weight")));
}

TEST(TorchResnet, TakesTheNetworkThatIsMeant) {
  NamedTensors state = with_prefix("module.encoder_q.", small_state(false));
  state.merge(with_prefix("module.encoder_k.", small_state(false)));
  state["module.encoder_k.conv1.weight"] = Tensor::filled({8, 3, 7, 7}, 1);
  state["module.queue"] = Tensor::zeros({2, 3});
  const Network network = read(state);
  EXPECT_EQ(network.stored_names.at("conv0_weight"), "module.encoder_q.conv1.weight");
  EXPECT_EQ(network.stored_names.at("fc1_bias"), "module.encoder_q.fc.bias");

  // Of several, only one of which is whole, that one.
  NamedTensors half = with_prefix("a.", small_state(false));
  half.erase("a.bn1.weight");
  half.merge(with_prefix("b.", small_state(false)));
  EXPECT_EQ(read(half).stored_names.at("conv0_weight"), "b.conv1.weight");

  // The same network twice.
  NamedTensors twice = with_prefix("model.", small_state(false));
  twice.merge(with_prefix("attacker.model.", small_state(false)));
  EXPECT_TRUE(read(twice).has_head);
  twice["model.conv1.weight"] = Tensor::filled({8, 3, 7, 7}, 1);
  EXPECT_THAT(
      refusal(twice).message(),
      AllOf(HasSubstr("several ResNets"), HasSubstr("'attacker.model.'"), HasSubstr("'model.'")));
  EXPECT_NE(refusal(twice).hint(), "");
}

TEST(TorchResnet, OtherLayersBesideTheFeaturesAreRefused) {
  NamedTensors pooled = with_prefix("model.", small_state(false));
  pooled["model.pool.p"] = Tensor::zeros({1});
  EXPECT_THAT(refusal(pooled).message(), HasSubstr("unknown: pool.p"));
  NamedTensors many;
  for (int i = 0; i < 40; ++i)
    many[fmt::format("{}.layer1.0.conv1.weight", i)] = Tensor::zeros({1});
  EXPECT_THAT(refusal(many).message(), HasSubstr("40 ResNets"));
}

TEST(TorchResnet, NarrowsDoublesThatFit) {
  NamedTensors state = small_state(false);
  Tensor wide({5}, DType::kF64);
  std::ranges::fill(wide.data<double>(), 0.5);
  state["fc.bias"] = wide;
  EXPECT_EQ(read(state).parameters.at("fc1_bias").data()[4], 0.5F);
  wide.data<double>()[3] = 1e39;
  EXPECT_THAT(refusal(state).message(), HasSubstr("'fc.bias' holds 1e+39"));
}

TEST(TorchResnet, IsTakenByItsNames) {
  SafetensorsHeader header;
  header.tensors["layer1.0.conv1.weight"] = {};
  EXPECT_TRUE(is_resnet(header));
  header.tensors.clear();
  header.tensors["features.0.weight"] = {};
  header.tensors["resnet.embedder.embedder.convolution.weight"] = {};
  EXPECT_FALSE(is_resnet(header));
}

}  // namespace
}  // namespace orthrus::torch
