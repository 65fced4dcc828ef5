#define ORTHRUS_KERNELS kVectorKernelsBaseline
#define ORTHRUS_ISA "sse2"
#include "backend/cpu/vector_kernels.inl"
