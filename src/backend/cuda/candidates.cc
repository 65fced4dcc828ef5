#include "backend/cuda/candidates.h"

#include <array>
#include <variant>

namespace orthrus::cuda {
namespace {

constexpr std::array<KernelCandidate, 1> kActivation{{{"elements", make_activation}}};
constexpr std::array<KernelCandidate, 1> kAdd{{{"elements", make_add}}};
constexpr std::array<KernelCandidate, 1> kBatchNorm{{{"channels", make_batch_norm}}};
constexpr std::array<KernelCandidate, 1> kConcat{{{"copy", make_concat}}};
constexpr std::array<KernelCandidate, 2> kConvolution{
    {{"cudnn", make_convolution_cudnn}, {"plain", make_convolution_plain}}};
constexpr std::array<KernelCandidate, 1> kDropout{{{"mask", make_dropout}}};
constexpr std::array<KernelCandidate, 1> kFlatten{{{"alias", make_flatten}}};
constexpr std::array<KernelCandidate, 1> kFullyConnected{{{"cublas", make_fully_connected}}};
constexpr std::array<KernelCandidate, 1> kLeakyRelu{{{"elements", make_leaky_relu}}};
constexpr std::array<KernelCandidate, 1> kLogisticOutput{{{"rows", make_logistic_output}}};
constexpr std::array<KernelCandidate, 1> kPooling{{{"windows", make_pooling}}};
constexpr std::array<KernelCandidate, 1> kSoftmaxOutput{{{"rows", make_softmax_output}}};

struct Select {
  using List = std::span<const KernelCandidate>;
  List operator()(const Variable&) const { return {}; }
  List operator()(const Activation&) const { return kActivation; }
  List operator()(const Add&) const { return kAdd; }
  List operator()(const BatchNorm&) const { return kBatchNorm; }
  List operator()(const Concat&) const { return kConcat; }
  List operator()(const Convolution&) const { return kConvolution; }
  List operator()(const Dropout&) const { return kDropout; }
  List operator()(const Flatten&) const { return kFlatten; }
  List operator()(const FullyConnected&) const { return kFullyConnected; }
  List operator()(const LeakyRelu&) const { return kLeakyRelu; }
  List operator()(const LogisticOutput&) const { return kLogisticOutput; }
  List operator()(const Pooling&) const { return kPooling; }
  List operator()(const SoftmaxOutput&) const { return kSoftmaxOutput; }
};

}  // namespace

std::span<const KernelCandidate> cuda_candidates(const Op& op) {
  return std::visit(Select{}, op);
}

}  // namespace orthrus::cuda
