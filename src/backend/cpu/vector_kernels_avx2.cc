#define ORTHRUS_KERNELS kVectorKernelsAvx2
#define ORTHRUS_ISA "avx2"
#include "backend/cpu/vector_kernels.inl"
