// From a stored symbol to a Graph, in three steps: each layer's operator and inputs, the role of
// each variable (which follows from where it is used), and the graph itself.
#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "formats/mxnet/names.h"
#include "formats/mxnet/operators.h"
#include "formats/mxnet/symbol.h"
#include "formats/mxnet/symbol_json.h"
#include "graph/passes/cut.h"

namespace orthrus::mxnet {

namespace {

constexpr int kInputsAreWhole = 900;  // since 0.9.0 a file lists auxiliary variables and labels

// Keys that MXNet hides as `__key__`; old files have them bare, on an operator also as
// `<input>_<key>` for the variable at that input (src/nnvm/legacy_json_util.cc,
// UpgradeJSON_FixParsing).
constexpr std::array<std::string_view, 5> kHiddenKeys = {"ctx_group", "lr_mult", "wd_mult",
                                                         "force_mirroring", "mirror_stage"};

struct DraftNode {
  std::string name;
  Op op;
  std::vector<int> inputs;  // numbers of drafts
  bool has_role = false;    // of a variable: op says which
};

bool is_hidden(std::string_view key) {
  if (key.starts_with("__") && key.ends_with("__")) return true;
  return std::ranges::any_of(kHiddenKeys, [&](std::string_view hidden) {
    return key == hidden || key.ends_with("_" + std::string(hidden));
  });
}

std::string place_of(const StoredNode& node) {
  return fmt::format("layer '{}' ({})", node.name, printable(node.op));
}

std::string_view noun_of(VariableRole role) {
  switch (role) {
    case VariableRole::kInput:
      return "data";
    case VariableRole::kLabel:
      return "labels";
    case VariableRole::kSampleWeight:
      return "sample weights";
    case VariableRole::kParameter:
      return "a parameter";
    case VariableRole::kAuxiliary:
      return "a running statistic";
  }
  return "?";
}

void check_operators(const std::vector<StoredNode>& nodes) {
  constexpr size_t kShown = 8;
  std::map<std::string, std::vector<std::string>> unknown;
  for (const StoredNode& node : nodes) {
    if (node.is_variable() || is_identity(node.op) || is_known_operator(node.op)) continue;
    unknown[printable(node.op)].push_back(node.name);
  }
  if (unknown.empty()) return;
  std::string text;
  for (const auto& [op, names] : unknown) {
    text += fmt::format("{}{} (", text.empty() ? "" : "; ", op);
    for (size_t i = 0; i < std::min(kShown, names.size()); ++i) {
      text += fmt::format("{}'{}'", i == 0 ? "" : ", ", names[i]);
    }
    text += names.size() > kShown ? fmt::format(" and {} more)", names.size() - kShown) : ")";
  }
  throw input_error("operators that are not supported, with their layers: {}", text);
}

class SymbolReader {
 public:
  explicit SymbolReader(const StoredSymbol& symbol) : symbol_(symbol) {}

  Graph read() {
    check_operators(symbol_.nodes);
    for (const StoredNode& node : symbol_.nodes) {
      try {
        draft_of_.push_back(add_draft(node));
      } catch (const Error& error) {
        throw error.within(place_of(node));
      }
    }
    return make_graph();
  }

 private:
  // The draft for a stored node: its number, or for a layer that does nothing that of its input.
  int add_draft(const StoredNode& node) {
    if (node.is_variable()) return add_variable(node.name, node.attributes);
    DraftNode draft{.name = node.name, .op = {}, .inputs = {}, .has_role = false};
    for (const int input : node.inputs)
      draft.inputs.push_back(draft_of_[static_cast<size_t>(input)]);
    if (is_identity(node.op)) {
      if (draft.inputs.size() != 1) throw input_error("{} inputs, expected 1", draft.inputs.size());
      return draft.inputs.front();
    }
    AttributeMap attributes = node.attributes;
    std::erase_if(attributes, [](const auto& item) { return is_hidden(item.first); });
    draft.op = read_operator(node.op, std::move(attributes), static_cast<int>(node.inputs.size()));
    complete_inputs(draft);
    settle_roles(draft);
    move_multipliers(node.attributes, draft);
    drafts_.push_back(std::move(draft));
    return static_cast<int>(drafts_.size()) - 1;
  }

  int add_variable(const std::string& name, const AttributeMap& attributes) {
    DraftNode draft{.name = name, .op = Variable{}, .inputs = {}, .has_role = false};
    drafts_.push_back(std::move(draft));
    for (const auto& [key, value] : attributes) set_multiplier(drafts_.back(), key, value);
    return static_cast<int>(drafts_.size()) - 1;
  }

  // Files older than 0.9 leave out auxiliary variables and labels.
  void complete_inputs(DraftNode& draft) {
    const std::vector<std::string> names = input_names(draft.op);
    const size_t given = draft.inputs.size();
    if (given > names.size() || (given < names.size() && symbol_.version >= kInputsAreWhole)) {
      throw input_error("{} inputs, expected {}", given, names.size());
    }
    for (size_t i = given; i < names.size(); ++i) {
      draft.inputs.push_back(add_variable(draft.name + "_" + names[i], {}));
    }
  }

  void settle_roles(const DraftNode& draft) {
    for (size_t i = 0; i < draft.inputs.size(); ++i) {
      const VariableRole role = input_role(draft.op, static_cast<int>(i));
      DraftNode& input = drafts_[static_cast<size_t>(draft.inputs[i])];
      auto* variable = std::get_if<Variable>(&input.op);
      if (variable == nullptr && role == VariableRole::kInput) continue;
      if (variable == nullptr) {
        throw input_error("its {} is computed by layer '{}'; only a variable is supported",
                          input_names(draft.op)[i], input.name);
      }
      if (input.has_role && variable->role != role) {
        throw input_error("the variable '{}' is {} here but {} for a layer before", input.name,
                          noun_of(role), noun_of(variable->role));
      }
      variable->role = role;
      input.has_role = true;
    }
  }

  // `<input>_lr_mult` and `<input>_wd_mult` of an operator go to the variable at that input.
  void move_multipliers(const AttributeMap& attributes, const DraftNode& draft) {
    const std::vector<std::string> names = input_names(draft.op);
    for (size_t i = 0; i < names.size(); ++i) {
      for (const char* key : {"lr_mult", "wd_mult"}) {
        const auto found = attributes.find(names[i] + "_" + key);
        if (found == attributes.end()) continue;
        set_multiplier(drafts_[static_cast<size_t>(draft.inputs[i])], key, found->second);
      }
    }
  }

  static void set_multiplier(DraftNode& draft, std::string_view key, std::string_view text) {
    auto* variable = std::get_if<Variable>(&draft.op);
    const bool learning_rate = key == "lr_mult" || key == "__lr_mult__";
    if (variable == nullptr || (!learning_rate && key != "wd_mult" && key != "__wd_mult__")) return;
    const std::optional<double> value = parse_number(text);
    if (!value || *value < 0) {
      throw input_error("{} of '{}' is '{}', expected a number from 0", key, draft.name,
                        printable(text));
    }
    (learning_rate ? variable->lr_mult : variable->wd_mult) = *value;
  }

  Graph make_graph() {
    Graph graph;
    for (DraftNode& draft : drafts_) {
      auto* variable = std::get_if<Variable>(&draft.op);
      // A variable that only is an output has no use to tell its role by.
      if (variable != nullptr && !draft.has_role && draft.name == "data") {
        variable->role = VariableRole::kInput;
      }
      std::vector<Edge> inputs;
      for (const int input : draft.inputs) inputs.push_back({input, 0});
      graph.add({std::move(draft.name), draft.op, std::move(inputs)});
    }
    std::vector<Edge> outputs;
    for (const int head : symbol_.heads) {
      outputs.push_back({draft_of_[static_cast<size_t>(head)], 0});
    }
    return keep_ancestors(graph, outputs);
  }

  const StoredSymbol& symbol_;
  std::vector<DraftNode> drafts_;
  std::vector<int> draft_of_;  // for each stored node
};

}  // namespace

Graph parse_symbol(std::string_view json, const std::string& origin) {
  try {
    const StoredSymbol symbol = parse_symbol_json(json);
    return SymbolReader(symbol).read();
  } catch (const Error& error) {
    throw error.within(origin);
  }
}

Graph read_symbol(const std::filesystem::path& path) {
  return parse_symbol(read_text(path), path.string());
}

}  // namespace orthrus::mxnet
