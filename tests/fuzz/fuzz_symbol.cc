// MXNet's symbol files: any text is either refused with an Error, or read; what was read can be
// written, and is the same when read again.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "formats/mxnet/symbol.h"

namespace {

std::optional<orthrus::Graph> parse(std::string_view text) {
  try {
    return orthrus::mxnet::parse_symbol(text, "fuzz");
  } catch (const orthrus::Error&) {
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto graph = parse({reinterpret_cast<const char*>(data), size});
  if (!graph) return 0;
  const std::string written = orthrus::mxnet::symbol_json(*graph);
  if (orthrus::mxnet::symbol_json(orthrus::mxnet::parse_symbol(written, "written")) != written) {
    std::abort();
  }
  return 0;
}
