// ResNets with torchvision's names and shapes, and what PyTorch computes with them
// (tests/golden/torch/make.py).
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "exec/plan.h"
#include "formats/json_fields.h"
#include "formats/safetensors/safetensors.h"
#include "golden/networks.h"
#include "golden/torch_weights.h"
#include "graph/passes/cut.h"
#include "graph/passes/fuse.h"

namespace orthrus {
namespace {

using testing::expect_close;
using testing::torch_value;

constexpr testing::Tolerance kTorchTolerance{.of_maximum = 2e-5};

class TorchResnet : public ::testing::TestWithParam<std::string> {
 protected:
  // The state dict as torchvision's save_file would write it.
  NamedTensors state_dict() const {
    const OrderedJson shapes = parse_json(golden_.metadata.at("shapes"), 3);
    NamedTensors tensors;
    for (const auto& [name, dims] : shapes.items()) {
      tensors[name] = torch_value(name, Shape(dims.get<std::vector<int64_t>>()));
    }
    return tensors;
  }

  SafetensorsFile golden_ =
      read_safetensors(testing::test_folder() / ("golden/torch/" + GetParam() + ".safetensors"));
};

TEST_P(TorchResnet, AnswersAsInPyTorch) {
  const TemporaryFolder folder;
  const std::string path = (folder / "weights.safetensors").string();
  write_safetensors(path, state_dict(), {{"format", "pt"}});
  const ModelSource source = resolve_model(path, {});
  ASSERT_EQ(source.kind, ModelSource::Kind::kTorch);
  const LoadedNetwork network = load_network(source, 0, {}, 0);
  const Graph graph = keep_ancestors(
      network.graph, {find_layer(network.graph, "flatten0"), find_layer(network.graph, "fc1")});

  const auto backend = make_cpu_backend({.winograd = false});
  const Shape shape{2, 3, 64, 64};
  Plan plan(fuse_batch_norm(graph), {{"data", shape}}, *backend, {});
  plan.load_parameters(network.parameters);
  std::ranges::copy(torch_value("data", shape).data(), plan.input("data").begin());
  plan.forward({});
  expect_close(plan.output(0), golden_.tensors.at("features"), kTorchTolerance, "features");
  expect_close(plan.output(1), golden_.tensors.at("logits"), kTorchTolerance, "logits");
}

TEST_P(TorchResnet, HasThePreprocessingOfTorchvision) {
  const SourceDescription own =
      describe_source({.kind = ModelSource::Kind::kTorch, .name = "weights.safetensors"});
  ASSERT_TRUE(own.preprocessing);
  EXPECT_EQ(own.preprocessing->height, 224);
  EXPECT_EQ(own.preprocessing->resize, 256);
  EXPECT_EQ(own.preprocessing->pixels, PixelRule::kModern);
  for (size_t c = 0; c < 3; ++c) {
    EXPECT_FLOAT_EQ(own.preprocessing->mean[c], (std::array{0.485F, 0.456F, 0.406F})[c] * 255);
    EXPECT_FLOAT_EQ(own.preprocessing->std[c], (std::array{0.229F, 0.224F, 0.225F})[c] * 255);
  }
}

INSTANTIATE_TEST_SUITE_P(Depths, TorchResnet, ::testing::Values("resnet18", "resnet50"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace orthrus
