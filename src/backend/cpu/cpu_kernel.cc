#include "backend/cpu/cpu_kernel.h"

#include <numeric>

namespace orthrus::cpu {

namespace {

// Into how many equal parts a picture of channels-last pixels is cut, so that few pictures keep
// many threads busy. A matter of the shape alone: sums do not depend on the number of threads.
int64_t parts_of_picture(int64_t height, int64_t elements) {
  constexpr int64_t kLeastElements = 65536;
  int64_t parts = 1;
  while (height / parts % 2 == 0 && elements / parts >= 2 * kLeastElements) parts *= 2;
  return parts;
}

}  // namespace

Slabs slabs_of(const CpuBackend& backend, const BufferDesc& desc) {
  Slabs slabs;
  slabs.pieces = desc.shape[0];
  slabs.channels = desc.shape[1];
  slabs.block = backend.block_of(desc);
  slabs.groups = (slabs.channels + slabs.block - 1) / slabs.block;
  slabs.size = desc.shape.elements(2) * slabs.block;
  if (backend.is_channels_last(desc)) {
    const int64_t parts = parts_of_picture(desc.shape[2], slabs.size);
    slabs.pieces *= parts;
    slabs.size /= parts;
  }
  slabs.rows = static_cast<size_t>(slabs.size) / kLanes;
  slabs.tail = static_cast<size_t>(slabs.size) % kLanes;
  const auto lanes = static_cast<int64_t>(kLanes);
  slabs.period = static_cast<size_t>(slabs.block / std::gcd(slabs.block, lanes));
  return slabs;
}

BufferDesc slab_layout(const CpuBackend& backend, const BufferDesc& desc) {
  return backend.block_of(desc) > 0 ? desc : plain_desc(desc.shape);
}

}  // namespace orthrus::cpu
