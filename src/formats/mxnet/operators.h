// MXNet's operators in terms of the graph's, both ways: one ordered table of names for reading, one
// overload for each operator for writing. It knows nothing of nodes, names and edges.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/mxnet/attributes.h"
#include "graph/ops/op.h"

namespace orthrus::mxnet {

// True for an operator that read_operator() knows, under any name MXNet has had for it.
[[nodiscard]] bool is_known_operator(std::string_view name);
// True for an operator that passes its one input on as it is.
[[nodiscard]] bool is_identity(std::string_view name);

// The operator `name` with these attributes (without the hidden ones, `__key__`). `num_inputs` is
// how many inputs the file gives it. Throws kInput for a value that is wrong or not supported.
[[nodiscard]] Op read_operator(std::string_view name, AttributeMap attributes, int num_inputs);

// What input `index` of the operator is when it is a variable: a parameter, auxiliary, a label or,
// for a position that takes data, an input.
[[nodiscard]] VariableRole input_role(const Op& op, int index);

struct WrittenOperator {
  std::string name;
  std::vector<std::pair<std::string, std::string>> attributes;
  int num_outputs = 1;  // as MXNet counts them, hidden ones included
};
// Throws kInternal for a fused BatchNorm, which MXNet does not have.
[[nodiscard]] WrittenOperator write_operator(const Op& op);

}  // namespace orthrus::mxnet
