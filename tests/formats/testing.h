// What the tests of file formats share: messages of errors as text, folders that vanish, and
// hostile files put together by hand.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "graph/graph.h"

namespace orthrus::testing {

inline std::string golden(const std::string& name) {
  return ORTHRUS_TEST_DIR "/golden/mxnet/models/" + name;
}

// "<message> | <hint>" of the Error that `action` throws, "nothing thrown" otherwise.
template <typename Action>
std::string refusal_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.message() + " | " + error.hint();
  }
  return "nothing thrown";
}

// A file written number by number.
class Bytes {
 public:
  template <typename T>
  Bytes& add(T value) {
    const auto* first = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), first, first + sizeof(value));
    return *this;
  }
  Bytes& text(std::string_view text) {
    const auto* first = reinterpret_cast<const std::byte*>(text.data());
    bytes_.insert(bytes_.end(), first, first + text.size());
    return *this;
  }
  Bytes& name(std::string_view name) { return add(static_cast<uint64_t>(name.size())).text(name); }
  [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

// One line for each node: name, operator, inputs, and the role and multipliers of a variable.
inline std::string listing(const Graph& graph) {
  std::string text;
  for (const Node& node : graph.nodes()) {
    text += fmt::format("{} {}", node.name, op_name(node.op));
    for (const Edge& edge : node.inputs) text += fmt::format(" {}", edge.node);
    if (const auto* variable = std::get_if<Variable>(&node.op)) {
      text += fmt::format(" role {} lr {} wd {}", static_cast<int>(variable->role),
                          variable->lr_mult, variable->wd_mult);
    }
    text += '\n';
  }
  for (const Edge& edge : graph.outputs()) text += fmt::format("output {}\n", edge.node);
  return text;
}

}  // namespace orthrus::testing
