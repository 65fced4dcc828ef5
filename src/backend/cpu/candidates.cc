#include "backend/cpu/candidates.h"

#include <array>
#include <variant>

#include "backend/ref/ref_backend.h"

namespace orthrus::cpu {

namespace {

// The reference kernel under another name, where plain loops are not a fallback but the choice: the
// work is tiny, or none (an alias).
KernelCandidate serial(const Op& op) {
  return {"serial", ref_candidates(op).front().make};
}
KernelCandidate ref(const Op& op) {
  return {"ref", ref_candidates(op).front().make};
}

struct Lists {
  std::array<KernelCandidate, 2> activation{{{"vector", make_activation}, ref(Activation{})}};
  std::array<KernelCandidate, 2> add{{{"vector", make_add}, ref(Add{})}};
  std::array<KernelCandidate, 2> batch_norm{{{"vector", make_batch_norm}, ref(BatchNorm{})}};
  std::array<KernelCandidate, 2> concat{{{"copy", make_concat}, ref(Concat{})}};
  std::array<KernelCandidate, 7> convolution{{{"measured", make_convolution_measured},
                                              {"product", make_convolution_product},
                                              {"winograd", make_convolution_winograd},
                                              {"direct", make_convolution_direct},
                                              {"blocked", make_convolution_blocked},
                                              {"plain", make_convolution_plain},
                                              ref(Convolution{})}};
  std::array<KernelCandidate, 2> dropout{{{"mask", make_dropout}, ref(Dropout{})}};
  std::array<KernelCandidate, 1> flatten{{serial(Flatten{})}};
  std::array<KernelCandidate, 2> fully_connected{
      {{"inner_product", make_fully_connected}, ref(FullyConnected{})}};
  std::array<KernelCandidate, 2> leaky_relu{{{"vector", make_leaky_relu}, ref(LeakyRelu{})}};
  std::array<KernelCandidate, 2> pooling{{{"pooling", make_pooling}, ref(Pooling{})}};
  std::array<KernelCandidate, 1> logistic_output{{serial(LogisticOutput{})}};
  std::array<KernelCandidate, 1> softmax_output{{serial(SoftmaxOutput{})}};
};

struct Select {
  const Lists& lists;
  using List = std::span<const KernelCandidate>;
  List operator()(const Variable&) const { return {}; }
  List operator()(const Activation&) const { return lists.activation; }
  List operator()(const Add&) const { return lists.add; }
  List operator()(const BatchNorm&) const { return lists.batch_norm; }
  List operator()(const Concat&) const { return lists.concat; }
  List operator()(const Convolution&) const { return lists.convolution; }
  List operator()(const Dropout&) const { return lists.dropout; }
  List operator()(const Flatten&) const { return lists.flatten; }
  List operator()(const FullyConnected&) const { return lists.fully_connected; }
  List operator()(const LeakyRelu&) const { return lists.leaky_relu; }
  List operator()(const Pooling&) const { return lists.pooling; }
  List operator()(const LogisticOutput&) const { return lists.logistic_output; }
  List operator()(const SoftmaxOutput&) const { return lists.softmax_output; }
};

}  // namespace

std::span<const KernelCandidate> cpu_candidates(const Op& op) {
  static const Lists lists;
  return std::visit(Select{lists}, op);
}

}  // namespace orthrus::cpu
