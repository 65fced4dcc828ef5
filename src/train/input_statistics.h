// A check for networks that are fed with pixels of another scale than they were trained on: the
// first BatchNorm's stored statistics against those of its real inputs. While training, batch
// statistics hide such a difference; in validation the stored ones are used, and need time to
// follow.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exec/plan.h"
#include "model/model.h"

namespace orthrus {

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
  struct Layer {
    std::string name;
    std::string mean_name;
    std::string variance_name;
    double momentum = 0;
    bool reads_pictures = false;
    bool moves = false;  // its running statistics follow the batches
    Tensor mean;
    Tensor variance;
  };
  std::optional<Layer> layer_;
};

}  // namespace orthrus
