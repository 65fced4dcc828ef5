// The memory and the streams of one GPU, and the libraries' handles. This header, like all of
// src/backend/cuda, may show CUDA's types; nothing outside this folder does.
#pragma once

#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

#include "backend/device.h"

namespace orthrus::cuda {

class CudaDevice : public Device {
 public:
  // `number` as CUDA counts. Throws kResource when there is no such GPU.
  explicit CudaDevice(int number);
  ~CudaDevice() override;
  CudaDevice(const CudaDevice&) = delete;
  CudaDevice& operator=(const CudaDevice&) = delete;

  [[nodiscard]] bool is_host() const override { return false; }
  [[nodiscard]] std::shared_ptr<std::byte[]> allocate(size_t size_bytes) override;
  [[nodiscard]] size_t available_bytes() const override;
  void fill_zero(std::byte* to, size_t size_bytes) override;
  void copy(const std::byte* from, std::byte* to, size_t size_bytes) override;
  void upload(const std::byte* from, std::byte* to, size_t size_bytes) override;
  void download(const std::byte* from, std::byte* to, size_t size_bytes) override;
  void synchronize() override;
  [[nodiscard]] std::unique_ptr<HostCopy> make_host_copy(std::byte* address,
                                                         size_t size_bytes) override;
  [[nodiscard]] std::unique_ptr<Recording> make_recording() override;
  void set_context(const StepContext& context) override;
  void update(UpdateRule rule, const UpdateNumbers* numbers, const float* gradient, float* first,
              float* second, float* weight, int64_t count) override;
  void add_scaled(float factor, const float* values, float* sum, int64_t count) override;
  void average(float decay, const float* weight, float* average, int64_t count) override;
  [[nodiscard]] double sum_of_squares(const float* values, int64_t count) override;
  [[nodiscard]] bool all_finite(const BufferDesc& desc, const std::byte* values) override;

  // All work goes through this one, except copies that run beside it.
  [[nodiscard]] cudaStream_t stream() const { return stream_; }
  [[nodiscard]] cudaStream_t copy_stream() const { return copy_stream_; }
  [[nodiscard]] cudnnHandle_t cudnn() const { return cudnn_; }
  [[nodiscard]] cublasHandle_t cublas() const { return cublas_; }
  [[nodiscard]] const cudaDeviceProp& properties() const { return properties_; }
  // In the GPU's memory: kernels read seed and step there, so that a recorded launch sees those of
  // its own time.
  [[nodiscard]] const StepContext* context() const {
    return reinterpret_cast<const StepContext*>(context_.get());
  }

 private:
  CudaDevice() = default;  // nothing yet

  // The result of a reduction.
  [[nodiscard]] double reduced();

  cudaDeviceProp properties_{};
  cudaStream_t stream_ = nullptr;
  cudaStream_t copy_stream_ = nullptr;
  cudnnHandle_t cudnn_ = nullptr;
  cublasHandle_t cublas_ = nullptr;
  std::shared_ptr<std::byte[]> context_;    // a StepContext
  std::shared_ptr<std::byte[]> scratch_;    // doubles, of reductions
  std::shared_ptr<std::byte[]> workspace_;  // of cuBLAS: its own could not be recorded
};

}  // namespace orthrus::cuda
