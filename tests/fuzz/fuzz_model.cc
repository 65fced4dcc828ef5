// Model files: any bytes are either refused with an Error, or read as a model whose parts fit.
// Behind 0xFE an input is the file's metadata: version, graph, tasks, preprocessing and the flag.
#include <cstdlib>

#include "base/error.h"
#include "fuzz/metadata_file.h"
#include "model/model_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<std::byte> file = orthrus::testing::fuzzed_file(
      {data, size}, {"orthrus.model", "graph", "tasks", "preprocessing", "pretrained"});
  try {
    const orthrus::Model model = orthrus::parse_model(file, "fuzz");
    if (model.tasks.size() != model.graph.outputs().size()) std::abort();
    for (const auto& [name, tensor] : model.parameters) {
      if (!model.graph.find(name) || tensor.dtype() != orthrus::DType::kF32) std::abort();
    }
  } catch (const orthrus::Error&) {
  }
  return 0;
}
