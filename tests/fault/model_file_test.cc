// A full or failing disk while a model file is written over an older one, or read: the old file
// stays whole until the new one is, and no part of a file is taken for a model.
#include "model/model_file.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "fault/faults.h"
#include "model/networks.h"

namespace orthrus {
namespace {

using testing::for_each_call;
using testing::NamedFault;
using testing::TemporaryFolder;
using testing::tiny_model;

class ModelFileFault : public ::testing::TestWithParam<NamedFault> {
 protected:
  ModelFileFault() {
    newer_.parameters["fc_bias"] = Tensor::filled({4}, 3);
    write_model(path_, newer_);
    new_bytes_ = read_file(path_);
    write_model(path_, tiny_model());
    old_bytes_ = read_file(path_);
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "best.safetensors";
  Model newer_ = tiny_model();
  std::vector<std::byte> old_bytes_, new_bytes_;
};

class ModelFileWriteFault : public ModelFileFault {};
class ModelFileReadFault : public ModelFileFault {};

TEST_P(ModelFileWriteFault, LeavesTheOldFileOrTheNewOne) {
  for_each_call(
      GetParam(), [&] { write_file(path_, old_bytes_); }, [&] { write_model(path_, newer_); },
      ErrorKind::kResource,
      [&](bool failed) {
        const std::vector<std::byte> bytes = read_file(path_);
        EXPECT_TRUE(bytes == new_bytes_ || (failed && bytes == old_bytes_));
        const auto entries = std::filesystem::directory_iterator(folder_.path());
        EXPECT_EQ(std::distance(begin(entries), end(entries)), 1) << "something was left behind";
      });
}

TEST_P(ModelFileReadFault, ReadsAllOfAFileOrFails) {
  const Model whole = read_model(path_);
  Model model;
  Graph graph;
  const auto read = [&] {
    model = read_model(path_);
    graph = describe_model(path_).graph;
  };
  for_each_call(
      GetParam(), [] {}, read, ErrorKind::kInput,
      [&](bool failed) {
        if (failed) return;
        EXPECT_TRUE(testing::same_bytes(model.parameters, whole.parameters));
        EXPECT_EQ(graph, whole.graph);
      });
}

INSTANTIATE_TEST_SUITE_P(Calls, ModelFileWriteFault, ::testing::ValuesIn(testing::kWriteFaults),
                         testing::name_of);
INSTANTIATE_TEST_SUITE_P(Calls, ModelFileReadFault, ::testing::ValuesIn(testing::kReadFaults),
                         testing::name_of);

}  // namespace
}  // namespace orthrus
