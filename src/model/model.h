// Model: everything that is needed to use or to train a network: graph, parameters, tasks and the
// numbers of its preprocessing. A plain value in memory; where models come from is told by
// source.h, how one is prepared for training by finetune.h.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "data/preprocessing.h"
#include "graph/graph.h"
#include "tasks/task.h"
#include "tensor/tensor.h"

namespace orthrus {

struct Model {
  Graph graph;  // backbone and heads as a file holds them: unfused, without sample weights
  NamedTensors parameters;  // of every parameter and auxiliary of the graph
  std::vector<Task> tasks;  // tasks[i] is answered by output i of the graph
  Preprocessing preprocessing;
  std::string input;   // name of the picture input, "data"
  std::string origin;  // where it came from, for messages: "out/resnet-50, epoch 3"
  // True when the backbone's values were learned and not just initialised.
  bool pretrained = false;
};

// Shape of a batch of pictures.
[[nodiscard]] Shape picture_shape(const Preprocessing& preprocessing, int64_t batch_size);

// Name of the graph's only picture input; throws kInput when there is none or more than one.
[[nodiscard]] std::string picture_input(const Graph& graph);

// Shapes of the graph's parameters and auxiliaries for pictures of that size, by name. Throws
// kInput.
[[nodiscard]] std::map<std::string, Shape> parameter_shapes(const Graph& graph,
                                                            const Preprocessing& preprocessing);

// A network whose outputs are answered to `tasks`. Throws kInput for parameters that are missing
// (all of them) or of another shape (layer, got, expected); superfluous ones are dropped.
[[nodiscard]] Model assemble_model(Graph graph, const NamedTensors& parameters,
                                   const Preprocessing& preprocessing, std::vector<Task> tasks);

// A network with its own heads, ready to evaluate or to predict: every output must be a loss, and
// becomes a task (tasks/heads.h, find_tasks). Throws as above, beginning with `origin`.
[[nodiscard]] Model assemble_model(Graph graph, const NamedTensors& parameters,
                                   const Preprocessing& preprocessing, std::string origin);

// Throws kInput naming the parameters that hold NaN or infinity. Whoever loads a model to use it
// calls this; a head that is not taken over does not matter. `stored_names`: what the file calls
// them, where it has other names.
void check_finite(const NamedTensors& parameters, const std::string& origin,
                  const std::map<std::string, std::string>& stored_names = {});

// Puts `declared` in the place of the model's tasks of the same names: rules, columns and class
// names, which a file of another program does not hold. Throws kInput when one of the model's tasks
// is not declared, or has another kind or number of classes.
void declare_tasks(Model& model, const std::vector<Task>& declared);

// Gives `names` to the first task that has as many classes, or leaves them to the data, and no
// names yet; to one of LabelRule::kPositive only where all others have names. Nothing where
// a task has just these names. Throws kInput, beginning with `where`, when there is no such task.
void name_classes(std::vector<Task>& tasks, const std::vector<std::string>& names,
                  const std::string& where = {});

}  // namespace orthrus
