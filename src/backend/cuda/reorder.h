// Copies between the layouts and element types of the GPU's buffers.
#pragma once

#include <memory>

#include "backend/cuda/cuda_backend.h"

namespace orthrus::cuda {

[[nodiscard]] std::unique_ptr<Reorder> make_cuda_reorder(CudaBackend& backend,
                                                         const BufferDesc& from,
                                                         const BufferDesc& to);

}  // namespace orthrus::cuda
