// Safetensors files: any bytes are either refused with an Error, or read; then they may be the
// weights of a ResNet, or not.
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "formats/torch/resnet.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  orthrus::SafetensorsFile file;
  try {
    file = orthrus::parse_safetensors(std::as_bytes(std::span(data, size)), "fuzz");
  } catch (const orthrus::Error&) {
    return 0;
  }
  size_t bytes = 0;
  for (const auto& [name, tensor] : file.tensors) bytes += tensor.size_bytes();
  if (bytes > size) std::abort();
  try {
    const orthrus::torch::Network network = orthrus::torch::read_resnet(file);
    for (const auto& [name, tensor] : network.parameters) {
      if (!network.graph.find(name)) std::abort();
    }
  } catch (const orthrus::Error&) {
  }
  return 0;
}
