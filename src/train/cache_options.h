// Where features are kept, as it is asked for. A plain value; train/feature_caching.h acts on it.
#pragma once

#include <cstdint>
#include <filesystem>

#include "tensor/dtype.h"

namespace orthrus {

enum class CachePlace {
  kAuto,  // in memory where that is possible and changes nothing, else nowhere
  kOff,
  kMemory,
  kDisk,
};

struct CacheOptions {
  CachePlace place = CachePlace::kAuto;
  std::filesystem::path folder = "cache";  // of kDisk
  uint64_t budget_bytes = 0;  // 0: half of the free memory, or all the space of the disk
  DType dtype = DType::kF32;  // or kBF16
  int views = 0;              // augmented views of each picture; 0: pictures are not augmented
};

}  // namespace orthrus
