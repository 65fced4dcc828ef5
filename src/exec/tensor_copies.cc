#include "exec/tensor_copies.h"

namespace orthrus {

void TensorCopies::write(const Tensor& tensor, const BufferDesc& desc, std::byte* address) {
  const BufferDesc plain = plain_desc(tensor.shape());
  const std::byte* source = tensor.bytes().data();
  if (!device_.is_host()) {
    std::byte* staged = stage(plain.size_bytes);
    device_.upload(source, staged, plain.size_bytes);
    source = staged;
  }
  reorder(plain, source, desc, address);
}

Tensor TensorCopies::read(const BufferDesc& desc, const std::byte* address) {
  Tensor tensor(desc.shape, DType::kF32);
  const BufferDesc plain = plain_desc(desc.shape);
  if (device_.is_host()) {
    reorder(desc, address, plain, tensor.bytes().data());
    return tensor;
  }
  std::byte* staged = stage(plain.size_bytes);
  reorder(desc, address, plain, staged);
  device_.download(staged, tensor.bytes().data(), plain.size_bytes);
  return tensor;
}

void TensorCopies::reorder(const BufferDesc& from, const std::byte* source, const BufferDesc& to,
                           std::byte* destination) {
  const std::unique_ptr<Reorder> step = backend_.make_reorder(from, to);
  std::shared_ptr<std::byte[]> scratch;
  if (step->scratch_bytes() > 0) scratch = device_.allocate(step->scratch_bytes());
  step->bind(source, destination, scratch.get());
  step->run();
}

std::byte* TensorCopies::stage(size_t size_bytes) {
  if (stage_bytes_ < size_bytes) {
    device_.synchronize();  // the copy before may still use the old one
    stage_ = device_.allocate(size_bytes);
    stage_bytes_ = size_bytes;
  }
  return stage_.get();
}

}  // namespace orthrus
