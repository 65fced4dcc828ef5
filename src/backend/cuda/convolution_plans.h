// cuDNN's plans for convolutions: found by its heuristics, measured where results need not be the
// same in every run, and kept for equal convolutions.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backend/choice_cache.h"
#include "backend/cuda/cuda_device.h"
#include "backend/cuda/cudnn_graph.h"
#include "graph/ops/convolution.h"

namespace orthrus::cuda {

enum class ConvolutionDirection { kForward, kData, kWeights };

// One convolution in the sizes that lie in memory, padding included.
struct ConvolutionProblem {
  ConvolutionDirection direction = ConvolutionDirection::kForward;
  std::vector<int64_t> x, w, y;  // (N,C,H,W), (K,C/groups,R,S), (N,K,P,Q)
  Pair stride{1, 1}, pad{0, 0}, dilate{1, 1};
  DType type = DType::kF32;         // of pictures and weights
  DType result_type = DType::kF32;  // of what is computed
  // Of inference: y = [relu](conv(x) [+ bias] [+ residual]).
  bool bias = false, residual = false, relu = false;
  [[nodiscard]] bool fused() const { return bias || residual || relu; }

  [[nodiscard]] std::string text() const;
};

// Tensors of a call.
enum ConvolutionTensor : int64_t { kX = 1, kW, kY, kBias, kResidual };

struct ConvolutionPlan {
  Descriptor plan;
  std::vector<int64_t> ids;  // of the tensors that a call has
  int64_t workspace_bytes = 0;
  std::string name;   // "cudnn:eng12"
  float seconds = 0;  // that it took; 0 where nothing was measured
};

class ConvolutionPlans {
 public:
  // With `deterministic` nothing is measured; else choices are kept in `cache`, a folder or empty.
  ConvolutionPlans(CudaDevice& device, bool deterministic, const std::filesystem::path& cache);

  // Null where cuDNN has no engine that may be used: in float32 none that rounds to fewer digits,
  // with `deterministic` none that adds up in a changing order.
  [[nodiscard]] std::shared_ptr<const ConvolutionPlan> find(const ConvolutionProblem& problem);

 private:
  [[nodiscard]] std::shared_ptr<const ConvolutionPlan> search(const ConvolutionProblem& problem);
  // Null where the engine does not take the graph, or wants too much memory.
  [[nodiscard]] std::shared_ptr<ConvolutionPlan> plan_of(const EngineChoice& choice,
                                                         const std::vector<int64_t>& ids) const;
  [[nodiscard]] bool allowed(const EngineChoice& choice, DType type) const;
  // Seconds of the fastest of a few runs.
  [[nodiscard]] float measure(const ConvolutionPlan& plan, const std::vector<void*>& addresses,
                              void* workspace);

  CudaDevice& device_;
  bool deterministic_;
  ChoiceCache cache_;
  std::map<std::string, std::shared_ptr<const ConvolutionPlan>> known_;
};

}  // namespace orthrus::cuda
