// cuDNN's graph interface in C as C++ objects: descriptors with attributes, of which operations,
// graphs of operations, and plans for them are made.
#pragma once

#include <cudnn.h>

#include <cstdint>
#include <vector>

namespace orthrus::cuda {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(cudnnBackendDescriptorType_t type);
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;

  [[nodiscard]] cudnnBackendDescriptor_t get() const { return descriptor_; }

  Descriptor& set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t count,
                  const void* values);
  Descriptor& set(cudnnBackendAttributeName_t name, int64_t value) {
    return set(name, CUDNN_TYPE_INT64, 1, &value);
  }
  Descriptor& set(cudnnBackendAttributeName_t name, const std::vector<int64_t>& values) {
    return set(name, CUDNN_TYPE_INT64, static_cast<int64_t>(values.size()), values.data());
  }
  Descriptor& set(cudnnBackendAttributeName_t name, float value) {
    return set(name, CUDNN_TYPE_FLOAT, 1, &value);
  }
  Descriptor& set(cudnnBackendAttributeName_t name, bool value) {
    return set(name, CUDNN_TYPE_BOOLEAN, 1, &value);
  }
  Descriptor& set(cudnnBackendAttributeName_t name, cudnnDataType_t value) {
    return set(name, CUDNN_TYPE_DATA_TYPE, 1, &value);
  }
  Descriptor& set(cudnnBackendAttributeName_t name, const Descriptor& value) {
    return set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value.descriptor_);
  }
  // Throws kInternal where the attributes contradict each other.
  void finalize();
  // False where cuDNN has nothing for it.
  [[nodiscard]] bool try_finalize();

  [[nodiscard]] int64_t number(cudnnBackendAttributeName_t name) const;

 private:
  cudnnBackendDescriptor_t descriptor_ = nullptr;
};

// A tensor of four dimensions (N,C,H,W) or (K,C,R,S), the channels lying side by side.
struct GraphTensor {
  int64_t id = 0;  // of the address in a call
  std::vector<int64_t> dims;
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  bool is_virtual = false;  // passed on within the graph, never in memory
};
[[nodiscard]] Descriptor tensor_descriptor(const GraphTensor& tensor);

// An engine for a graph, with its settings.
struct EngineChoice {
  Descriptor configuration;
  int64_t engine = 0;  // global number
  std::vector<cudnnBackendNumericalNote_t> notes;
};

// What cuDNN suggests for the graph, best first; may be empty.
[[nodiscard]] std::vector<EngineChoice> suggested_engines(const Descriptor& graph,
                                                          cudnnBackendHeurMode_t mode);

// A plan that is ready to run; `plan` holds nothing where the engine does not take the graph.
[[nodiscard]] Descriptor make_plan(cudnnHandle_t handle, const EngineChoice& choice,
                                   int64_t& workspace_bytes);

// Addresses by tensor id.
struct GraphCall {
  Descriptor pack;
  GraphCall() = default;
  GraphCall(const std::vector<int64_t>& ids, const std::vector<void*>& addresses, void* workspace);
};

}  // namespace orthrus::cuda
