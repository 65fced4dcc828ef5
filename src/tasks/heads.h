// Heads: the nodes that turn shared features into the answers and losses of the tasks, and back
// from a graph to the tasks whose heads it holds. Creates and reads graphs; knows no parameters'
// values.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "tasks/task.h"

namespace orthrus {

// `backbone` with, for each task, FullyConnected `head` (variables `<head>_weight`, `<head>_bias`)
// on `features` and its loss `name` (variable `<name>_label`): SoftmaxOutput, or LogisticOutput for
// a multilabel or ordinal task. Hidden layers stand between as `<head>_hidden1` and so on, each
// with a ReLU. The losses are its only outputs, in the order of the tasks. Throws kInput when a
// name is taken.
[[nodiscard]] Graph append_heads(const Graph& backbone, Edge features,
                                 const std::vector<Task>& tasks);

// What training compiles: weigh_samples(), and the losses smoothed and bent as the tasks say. Files
// hold the plain losses, which give the same answers. `mixed`: each loss gets a second one beside
// it, on the same layer and with inputs of its own, named as those of mixed_twin(task); these
// outputs stand behind the tasks'.
[[nodiscard]] Graph training_graph(const Graph& graph, const std::vector<Task>& tasks,
                                   bool mixed = false);

// The task whose loss has the second label of mixed pictures.
[[nodiscard]] Task mixed_twin(Task task);

// The features that the last head of `graph` stands on: what its last FullyConnected reads, below
// the hidden layers and dropouts that append_heads may have put between. Throws as find_cut does.
[[nodiscard]] Edge find_features(const Graph& graph);

// Names of the parameters that belong to the task's head alone.
[[nodiscard]] std::vector<std::string> head_parameters(const Task& task);

// The same graph with an input `<loss>_sample_weight`, shaped as the label, at every loss.
// Files hold the graph without it.
[[nodiscard]] Graph weigh_samples(const Graph& graph);

// The tasks whose losses are outputs of `graph`, in that order: name and head from the layers'
// names, classes from the head's size. A loss named `softmax_multitask` with two classes has the
// classic rule (label > 0 of the first column); of the others the first reads column 1, the next
// what comes behind, and so on. Throws kInput when an output is no loss, or a loss does not stand
// on a fully connected layer.
[[nodiscard]] std::vector<Task> find_tasks(const Graph& graph);

}  // namespace orthrus
