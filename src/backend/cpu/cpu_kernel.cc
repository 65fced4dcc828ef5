#include "backend/cpu/cpu_kernel.h"

namespace orthrus::cpu {

Slabs slabs_of(const CpuBackend& backend, const BufferDesc& desc) {
  Slabs slabs;
  slabs.images = desc.shape[0];
  slabs.channels = desc.shape[1];
  slabs.block = backend.block_of(desc);
  slabs.groups = (slabs.channels + slabs.block - 1) / slabs.block;
  slabs.size = desc.shape.elements(2) * slabs.block;
  slabs.rows = static_cast<size_t>(slabs.size) / kLanes;
  slabs.tail = static_cast<size_t>(slabs.size) % kLanes;
  return slabs;
}

BufferDesc slab_layout(const CpuBackend& backend, const BufferDesc& desc) {
  return backend.block_of(desc) > 0 ? desc : plain_desc(desc.shape);
}

}  // namespace orthrus::cpu
