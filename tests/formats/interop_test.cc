// The real MXNet loads what is written here and computes the golden outputs with it.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>

#include "base/temporary_folder.h"
#include "formats/mxnet/checkpoint.h"
#include "formats/mxnet/params.h"
#include "formats/testing.h"
#include "graph/passes/cut.h"

namespace orthrus::mxnet {
namespace {

using testing::golden;

// The network cut at its features, with the two heads of the goldens.
Checkpoint with_two_heads(const std::string& name) {
  Checkpoint checkpoint = load_checkpoint(golden(name), 0);
  Graph graph = cut(checkpoint.graph, find_cut(checkpoint.graph));
  const Edge features = graph.outputs().front();
  for (const auto& [array, tensor] : read_params(golden(name + "-heads.params"))) {
    checkpoint.parameters.insert_or_assign(array.substr(4), tensor);
  }
  std::vector<Edge> outputs;
  for (const std::string task : {"", "_multitask"}) {
    const std::string fc = "fc" + task;
    const Edge weight = {graph.add_variable(fc + "_weight", VariableRole::kParameter), 0};
    const Edge bias = {graph.add_variable(fc + "_bias", VariableRole::kParameter), 0};
    const int64_t classes = checkpoint.parameters.at(fc + "_weight").shape()[0];
    const Edge logits = {
        graph.add({fc, FullyConnected{.num_hidden = classes}, {features, weight, bias}}), 0};
    const std::string loss = "softmax" + task;
    const Edge label = {graph.add_variable(loss + "_label", VariableRole::kLabel), 0};
    const Edge weights = {graph.add_variable(loss + "_weight", VariableRole::kSampleWeight), 0};
    const SoftmaxOutput softmax{.has_sample_weight = true};
    outputs.push_back({graph.add({loss, softmax, {logits, label, weights}}), 0});
  }
  graph.set_outputs(outputs);
  return {std::move(graph), std::move(checkpoint.parameters)};
}

TEST(Interop, MxnetComputesTheGoldenOutputs) {
  const char* python = std::getenv("ORTHRUS_MXNET_PYTHON");
  if (python == nullptr)
    GTEST_SKIP() << "ORTHRUS_MXNET_PYTHON is not set: a Python that has MXNet 1.9.1";
  const TemporaryFolder folder;
  for (const std::string name : {"preact", "preact-nonsquare", "v1", "plain"}) {
    const Checkpoint checkpoint = with_two_heads(name);
    const std::string prefix = folder / name;
    save_checkpoint(prefix, 3, checkpoint.graph, checkpoint.parameters);
    const std::string arrays = golden(name + "-forward.params");
    const std::string command = fmt::format("'{}' '{}/interop/mxnet_interop.py' '{}' 3 '{}' '{}'",
                                            python, ORTHRUS_TEST_DIR, prefix, arrays, arrays);
    const int status = std::system(command.c_str());
    ASSERT_TRUE(WIFEXITED(status)) << command;
    EXPECT_EQ(WEXITSTATUS(status), 0) << command;
  }
}

}  // namespace
}  // namespace orthrus::mxnet
