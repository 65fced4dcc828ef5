// A model file of every version that was ever released, in tests/data: they load for ever. Never
// write one of these files anew; a new version gets a file and a test of its own.
#include <gtest/gtest.h>

#include "model/model_file.h"
#include "model/networks.h"

namespace orthrus {
namespace {

// What all files hold: element i of the n-th parameter, in the order of names, both from 0.
float stored_value(int64_t n, int64_t i) {
  return static_cast<float>((7 * n + 3 * i) % 11 + (n == 3 ? 1 : -5)) / 16;
}

TEST(ModelVersions, One) {
  const Model model = read_model(ORTHRUS_TEST_DIR "/data/model-v1.safetensors");
  ASSERT_EQ(model.parameters.size(), 9U);
  int64_t n = 0;
  for (const auto& [name, tensor] : model.parameters) {
    int64_t i = 0;
    for (const float value : tensor.data()) ASSERT_EQ(value, stored_value(n, i++)) << name;
    ++n;
  }
  EXPECT_EQ(model.graph, testing::tiny_model().graph);
  EXPECT_EQ(model.input, "data");
  EXPECT_TRUE(model.pretrained);
  Preprocessing pictures;
  pictures.height = pictures.width = 8;
  pictures.resize = 10;
  pictures.mean = {123.675F, 116.28F, 103.53F};
  EXPECT_EQ(model.preprocessing, pictures);
  std::vector<Task> tasks = classic_tasks(4);
  tasks[0].class_names = {"daisy", "rose", "tulip", "dandelion"};
  EXPECT_EQ(model.tasks, tasks);
}

}  // namespace
}  // namespace orthrus
