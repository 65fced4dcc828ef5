#define ORTHRUS_KERNELS kVectorKernelsAvx512
#define ORTHRUS_ISA "avx512"
#include "backend/cpu/vector_kernels.inl"
