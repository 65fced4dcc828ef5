// MXNet's network files (`prefix-symbol.json`): every generation is read (attribute keys `param`,
// `attr`, `attrs`; two- and three-element inputs; auxiliary inputs left out before 0.9; old
// operator names such as `_Plus`), and the newest is written.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "graph/graph.h"

namespace orthrus::mxnet {

// Throws kInput: not JSON (place), a missing key, an input index out of range, a cycle, unknown
// operators (all of them, with the names of their nodes), an attribute's value that is not
// understood.
[[nodiscard]] Graph read_symbol(const std::filesystem::path& path);
[[nodiscard]] Graph parse_symbol(std::string_view json, const std::string& origin);

// As MXNet 1.9.1 would write it. Throws kInput for what MXNet does not have.
[[nodiscard]] std::string symbol_json(const Graph& graph);

}  // namespace orthrus::mxnet
