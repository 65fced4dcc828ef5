#include "backend/cuda/cudnn_graph.h"

#include <algorithm>
#include <utility>

#include "backend/cuda/cuda_check.h"

namespace orthrus::cuda {
namespace {

// cuDNN 9 marks the attributes of the handle as old, and still wants them.
constexpr auto kPlanHandle = static_cast<cudnnBackendAttributeName_t>(400);

}  // namespace

Descriptor::Descriptor(cudnnBackendDescriptorType_t type) {
  check(cudnnBackendCreateDescriptor(type, &descriptor_), "cudnnBackendCreateDescriptor");
}

Descriptor::~Descriptor() {
  if (descriptor_ != nullptr) cudnnBackendDestroyDescriptor(descriptor_);
}

Descriptor::Descriptor(Descriptor&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, nullptr)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Descriptor& Descriptor::set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                            int64_t count, const void* values) {
  check(cudnnBackendSetAttribute(descriptor_, name, type, count, values),
        "cudnnBackendSetAttribute");
  return *this;
}

void Descriptor::finalize() {
  check(cudnnBackendFinalize(descriptor_), "cudnnBackendFinalize");
}

bool Descriptor::try_finalize() {
  return cudnnBackendFinalize(descriptor_) == CUDNN_STATUS_SUCCESS;
}

int64_t Descriptor::number(cudnnBackendAttributeName_t name) const {
  int64_t count = 0, value = 0;
  check(cudnnBackendGetAttribute(descriptor_, name, CUDNN_TYPE_INT64, 1, &count, &value),
        "cudnnBackendGetAttribute");
  return value;
}

Descriptor tensor_descriptor(const GraphTensor& tensor) {
  const std::vector<int64_t>& d = tensor.dims;
  const std::vector<int64_t> strides = {d[1] * d[2] * d[3], 1, d[1] * d[3], d[1]};
  Descriptor descriptor(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  descriptor.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, tensor.id)
      .set(CUDNN_ATTR_TENSOR_DATA_TYPE, tensor.type)
      .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, int64_t{16})
      .set(CUDNN_ATTR_TENSOR_DIMENSIONS, d)
      .set(CUDNN_ATTR_TENSOR_STRIDES, strides)
      .set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, tensor.is_virtual)
      .finalize();
  return descriptor;
}

std::vector<EngineChoice> suggested_engines(const Descriptor& graph, cudnnBackendHeurMode_t mode) {
  Descriptor heuristic(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  heuristic.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph)
      .set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
  if (!heuristic.try_finalize()) return {};
  int64_t count = 0;
  check(cudnnBackendGetAttribute(heuristic.get(), CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                 CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, &count, nullptr),
        "cudnnBackendGetAttribute");
  std::vector<EngineChoice> choices;
  std::vector<cudnnBackendDescriptor_t> results;
  for (int64_t i = 0; i < count; ++i) {
    choices.push_back({.configuration = Descriptor(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR),
                       .engine = 0,
                       .notes = {}});
    results.push_back(choices.back().configuration.get());
  }
  if (count == 0) return choices;
  check(cudnnBackendGetAttribute(heuristic.get(), CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                 CUDNN_TYPE_BACKEND_DESCRIPTOR, count, &count, results.data()),
        "cudnnBackendGetAttribute");
  choices.resize(static_cast<size_t>(std::max<int64_t>(count, 0)));
  for (EngineChoice& choice : choices) {
    const Descriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
    cudnnBackendDescriptor_t raw = engine.get();
    int64_t got = 0;
    check(cudnnBackendGetAttribute(choice.configuration.get(), CUDNN_ATTR_ENGINECFG_ENGINE,
                                   CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &got, &raw),
          "cudnnBackendGetAttribute");
    choice.engine = engine.number(CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
    choice.notes.resize(CUDNN_NUMERICAL_NOTE_TYPE_COUNT);
    int64_t notes = 0;
    check(cudnnBackendGetAttribute(engine.get(), CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
                                   CUDNN_TYPE_NUMERICAL_NOTE, CUDNN_NUMERICAL_NOTE_TYPE_COUNT,
                                   &notes, choice.notes.data()),
          "cudnnBackendGetAttribute");
    choice.notes.resize(static_cast<size_t>(std::max<int64_t>(notes, 0)));
  }
  return choices;
}

Descriptor make_plan(cudnnHandle_t handle, const EngineChoice& choice, int64_t& workspace_bytes) {
  Descriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
  plan.set(kPlanHandle, CUDNN_TYPE_HANDLE, 1, &handle)
      .set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, choice.configuration);
  if (!plan.try_finalize()) return {};
  workspace_bytes = plan.number(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
  return plan;
}

GraphCall::GraphCall(const std::vector<int64_t>& ids, const std::vector<void*>& addresses,
                     void* workspace)
    : pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR) {
  const auto count = static_cast<int64_t>(ids.size());
  pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, ids)
      .set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, count, addresses.data())
      .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace)
      .finalize();
}

}  // namespace orthrus::cuda
