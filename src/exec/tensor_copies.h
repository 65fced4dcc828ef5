// TensorCopies: between row-major float32 tensors and buffers of a backend, whatever their layout
// and wherever they lie.
#pragma once

#include <memory>

#include "backend/backend.h"
#include "tensor/tensor.h"

namespace orthrus {

class TensorCopies {
 public:
  explicit TensorCopies(Backend& backend) : backend_(backend), device_(backend.device()) {}

  // `desc` has the tensor's shape.
  void write(const Tensor& tensor, const BufferDesc& desc, std::byte* address);
  [[nodiscard]] Tensor read(const BufferDesc& desc, const std::byte* address);

 private:
  void reorder(const BufferDesc& from, const std::byte* source, const BufferDesc& to,
               std::byte* destination);
  // Memory of the device for a row-major tensor on its way.
  std::byte* stage(size_t size_bytes);

  Backend& backend_;
  Device& device_;
  std::shared_ptr<std::byte[]> stage_;
  size_t stage_bytes_ = 0;
};

}  // namespace orthrus
