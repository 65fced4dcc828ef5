// Mistakes: the wrong answers of a task over a list, and which of them look as if it was the label
// that is wrong. What it knows of a picture is its place in the list.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tasks/task.h"

namespace orthrus {

struct Mistake {
  int64_t position = 0;
  int64_t question =
      -1;  // class of a multilabel task that it is about; label and answer are 0 or 1
  int64_t label = 0;
  int64_t answer = 0;
  float label_probability = 0;   // that the model gives the label
  float answer_probability = 0;  // and the answer
};

class MistakeCollector {
 public:
  explicit MistakeCollector(const Task& task);

  // As TaskEvaluation::add; `positions` of the rows that count.
  void add(std::span<const float> probabilities, std::span<const float> labels,
           std::span<const float> present, std::span<const int64_t> positions);

  // From the least probable label on, which cost the most.
  [[nodiscard]] std::vector<Mistake> worst() const;
  // Labels that are probably wrong, the most certain first: the model gives another class at least
  // the probability that it gives that class on average where it is the label. After confident
  // learning (Northcutt, Jiang and Chuang 2021, arXiv:1911.00068, equations 1 and 2), looking at
  // the most probable class alone; ordered by how much more probable it is than the label.
  [[nodiscard]] std::vector<Mistake> suspects() const;

 private:
  void add_answer(const Mistake& answer);
  // Of the answer to a question: the class, or yes and no of a multilabel task's class.
  [[nodiscard]] static size_t place(const Mistake& mistake, int64_t answer);

  struct Confidence {  // in a class, where it is the label
    double sum = 0;
    int64_t labels = 0;
  };
  Task task_;
  std::vector<Confidence> confidence_;  // by place()
  std::vector<Mistake> mistakes_;       // in the list's order
};

}  // namespace orthrus
