#define ORTHRUS_KERNELS kVectorKernelsAvx512Bf16
#define ORTHRUS_ISA "avx512_bf16"
#include "backend/cpu/vector_kernels.inl"
