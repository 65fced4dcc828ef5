// A check for networks that are fed with pixels of another scale than they were trained on: the
// first BatchNorm's stored statistics against those of its real inputs. While training, batch
// statistics hide such a difference; in validation, and wherever BatchNorms are frozen, the stored
// ones are used.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exec/plan.h"
#include "model/model.h"

namespace orthrus {

// Of each channel.
struct ChannelStatistics {
  std::vector<double> mean;
  std::vector<double> variance;  // biased
};

// Mean and variance over batches (N,C,...).
class ChannelSums {
 public:
  // Adds the first `count` rows.
  void add(std::span<const float> values, const Shape& shape, int64_t count);
  [[nodiscard]] ChannelStatistics statistics() const;

 private:
  std::vector<double> sums_, squares_;
  double count_ = 0;  // of values in a channel
};

// The first BatchNorm in a graph.
struct FirstNorm {
  std::string name;
  Edge input;
  std::string mean_name, variance_name;  // of its running statistics
  double momentum = 0;
  bool moves = false;  // its running statistics follow the batches
};
[[nodiscard]] std::optional<FirstNorm> find_first_norm(const Graph& graph);

// The stored statistics; float64 of the parameters.
[[nodiscard]] ChannelStatistics stored_statistics(const FirstNorm& norm,
                                                  const NamedTensors& parameters);

// How the stored statistics disagree with the real ones by more than other subjects or a small
// batch explain; empty when they do not.
[[nodiscard]] std::string disagreement(const FirstNorm& norm, const ChannelStatistics& stored,
                                       const ChannelStatistics& real);

class InputStatisticsCheck {
 public:
  // Remembers the stored statistics of the first BatchNorm in the graph; networks without one, or
  // with fresh values, are not checked.
  explicit InputStatisticsCheck(const Model& model);

  // To be called once, after the first training step of `plan` on `images` (N,C,H,W). Where the
  // BatchNorm reads the pictures themselves, these are looked at; else the batch's statistics are
  // found from how far the running ones have moved. A warning, or empty.
  [[nodiscard]] std::string compare(const Plan& plan, const Tensor& images) const;

 private:
  std::optional<FirstNorm> norm_;
  bool reads_pictures_ = false;
  ChannelStatistics stored_;
};

}  // namespace orthrus
