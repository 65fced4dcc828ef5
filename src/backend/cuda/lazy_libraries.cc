// The functions of cuDNN and cuBLAS that this folder calls, under their own names, each passed on
// to the library's. They throw kResource where the library cannot be loaded.
#include "backend/cuda/lazy_libraries.h"

#include <cublas_v2.h>
#include <cudnn.h>
#include <dlfcn.h>

#include "base/error.h"

namespace orthrus::cuda {
namespace {

#define ORTHRUS_STRING(name) #name
#define ORTHRUS_EXPANDED_STRING(name) ORTHRUS_STRING(name)

// Of the version whose headers this was built with.
constexpr const char* kCublas = "libcublas.so." ORTHRUS_EXPANDED_STRING(CUBLAS_VER_MAJOR);
constexpr const char* kCudnn = "libcudnn.so." ORTHRUS_EXPANDED_STRING(CUDNN_MAJOR);

class Library {
 public:
  explicit Library(const char* name) : handle_(dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) problem_ = dlerror();
  }

  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] void* function(const char* name) const {
    void* address = handle_ == nullptr ? nullptr : dlsym(handle_, name);
    if (address == nullptr) {
      throw resource_error("{}", problem_.empty() ? std::string(dlerror()) : problem_)
          .with_hint("orthrus doctor says what is there");
    }
    return address;
  }

 private:
  void* handle_;
  std::string problem_;
};

const Library& cudnn() {
  static const Library library(kCudnn);
  return library;
}
const Library& cublas() {
  static const Library library(kCublas);
  return library;
}

}  // namespace

std::string load_libraries() {
  return cudnn().problem().empty() ? cublas().problem() : cudnn().problem();
}

}  // namespace orthrus::cuda

// cuBLAS's names are macros for those of its second version.
#define ORTHRUS_CALL(library, name, ...)                                 \
  static const auto function = reinterpret_cast<decltype(&::name)>(      \
      orthrus::cuda::library().function(ORTHRUS_EXPANDED_STRING(name))); \
  return function(__VA_ARGS__)

extern "C" {

size_t cudnnGetVersion() {
  ORTHRUS_CALL(cudnn, cudnnGetVersion);
}
const char* cudnnGetErrorString(cudnnStatus_t status) {
  ORTHRUS_CALL(cudnn, cudnnGetErrorString, status);
}
void cudnnGetLastErrorString(char* message, size_t size) {
  ORTHRUS_CALL(cudnn, cudnnGetLastErrorString, message, size);
}
cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  ORTHRUS_CALL(cudnn, cudnnCreate, handle);
}
cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  ORTHRUS_CALL(cudnn, cudnnDestroy, handle);
}
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  ORTHRUS_CALL(cudnn, cudnnSetStream, handle, stream);
}
cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type,
                                           cudnnBackendDescriptor_t* descriptor) {
  ORTHRUS_CALL(cudnn, cudnnBackendCreateDescriptor, type, descriptor);
}
cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
  ORTHRUS_CALL(cudnn, cudnnBackendDestroyDescriptor, descriptor);
}
cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor) {
  ORTHRUS_CALL(cudnn, cudnnBackendFinalize, descriptor);
}
cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor,
                                       cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t count,
                                       const void* elements) {
  ORTHRUS_CALL(cudnn, cudnnBackendSetAttribute, descriptor, name, type, count, elements);
}
cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t const descriptor,
                                       cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t wanted,
                                       int64_t* count, void* elements) {
  ORTHRUS_CALL(cudnn, cudnnBackendGetAttribute, descriptor, name, type, wanted, count, elements);
}
cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                                  cudnnBackendDescriptor_t pack) {
  ORTHRUS_CALL(cudnn, cudnnBackendExecute, handle, plan, pack);
}

const char* cublasGetStatusString(cublasStatus_t status) {
  ORTHRUS_CALL(cublas, cublasGetStatusString, status);
}
cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  ORTHRUS_CALL(cublas, cublasCreate, handle);
}
cublasStatus_t cublasDestroy(cublasHandle_t handle) {
  ORTHRUS_CALL(cublas, cublasDestroy, handle);
}
cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  ORTHRUS_CALL(cublas, cublasSetStream, handle, stream);
}
cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void* workspace, size_t size) {
  ORTHRUS_CALL(cublas, cublasSetWorkspace, handle, workspace, size);
}
cublasStatus_t cublasSgemm(cublasHandle_t handle, cublasOperation_t transa,
                           cublasOperation_t transb, int m, int n, int k, const float* alpha,
                           const float* a, int lda, const float* b, int ldb, const float* beta,
                           float* c, int ldc) {
  ORTHRUS_CALL(cublas, cublasSgemm, handle, transa, transb, m, n, k, alpha, a, lda, b, ldb, beta, c,
               ldc);
}
cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t transa,
                            cublasOperation_t transb, int m, int n, int k, const void* alpha,
                            const void* a, cudaDataType atype, int lda, const void* b,
                            cudaDataType btype, int ldb, const void* beta, void* c,
                            cudaDataType ctype, int ldc, cublasComputeType_t compute,
                            cublasGemmAlgo_t algorithm) {
  // Overloaded in C++, so its type cannot be deduced.
  using Function =
      cublasStatus_t(cublasHandle_t, cublasOperation_t, cublasOperation_t, int, int, int,
                     const void*, const void*, cudaDataType, int, const void*, cudaDataType, int,
                     const void*, void*, cudaDataType, int, cublasComputeType_t, cublasGemmAlgo_t);
  static const auto function =
      reinterpret_cast<Function*>(orthrus::cuda::cublas().function("cublasGemmEx"));
  return function(handle, transa, transb, m, n, k, alpha, a, atype, lda, b, btype, ldb, beta, c,
                  ctype, ldc, compute, algorithm);
}

}  // extern "C"
