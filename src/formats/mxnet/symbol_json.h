// A symbol file as it lies on disk: JSON checked for its form and for every number that points into
// it, attributes of all generations merged. What the operators and attributes mean is
// symbol_reader's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/mxnet/attributes.h"

namespace orthrus::mxnet {

struct StoredNode {
  std::string op;  // "null" for a variable
  std::string name;
  AttributeMap attributes;
  std::vector<int> inputs;  // numbers of nodes that stand before this one

  [[nodiscard]] bool is_variable() const { return op == "null"; }
};

struct StoredSymbol {
  int version = 0;  // major * 10000 + minor * 100 + patch; 800 for a file that does not say
  std::vector<StoredNode> nodes;
  std::vector<int> heads;
};

// Throws kInput: not JSON (line and column), nested too deep, a missing key, a wrong type, an index
// out of range or forward (a cycle), an output other than the first, arg_nodes that are no
// variables.
[[nodiscard]] StoredSymbol parse_symbol_json(std::string_view json);

}  // namespace orthrus::mxnet
