// One oneDNN primitive with its arguments bound: the building block of kernels that call oneDNN.
#pragma once

#include <unordered_map>
#include <vector>

#include "backend/cpu/cpu_backend.h"

namespace orthrus::cpu {

struct DnnlArgument {
  int index = 0;  // DNNL_ARG_...
  dnnl::memory::desc desc;
  std::byte* address = nullptr;
};

class DnnlStep {
 public:
  DnnlStep() = default;
  explicit DnnlStep(dnnl::primitive primitive) : primitive_(std::move(primitive)) {}

  void bind(CpuBackend& backend, const std::vector<DnnlArgument>& arguments) {
    arguments_.clear();
    for (const DnnlArgument& argument : arguments) {
      arguments_.insert_or_assign(argument.index,
                                  dnnl::memory(argument.desc, backend.engine(), argument.address));
    }
  }
  void run(CpuBackend& backend) { primitive_.execute(backend.stream(), arguments_); }

 private:
  dnnl::primitive primitive_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

// Scratch memory comes from the plan's arena rather than from oneDNN.
inline dnnl::primitive_attr with_user_scratch() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

// True for oneDNN's plain-loop implementations, which are as slow as our own reference.
inline bool is_reference(const char* implementation) {
  return std::string_view(implementation).find("ref") != std::string_view::npos;
}

inline size_t aligned_size(const dnnl::memory::desc& desc) {
  return (desc.get_size() + 63) / 64 * 64;
}

}  // namespace orthrus::cpu
