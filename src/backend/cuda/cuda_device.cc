#include "backend/cuda/cuda_device.h"

#include <algorithm>
#include <memory>

#include "backend/cuda/cuda_check.h"
#include "backend/cuda/cuda_event.h"
#include "backend/cuda/device_arithmetic.h"
#include "base/error.h"

namespace orthrus::cuda {
namespace {

constexpr size_t kCublasWorkspace = size_t{32} << 20;

void free_on_device(void* memory) {
  if (memory != nullptr) cudaFree(memory);  // there is nobody left to tell of an error
}

// Pinned memory, and the event after the last copy.
class PinnedCopy : public HostCopy {
 public:
  PinnedCopy(CudaDevice& device, std::byte* address, size_t size_bytes)
      : device_(device),
        address_(address),
        size_bytes_(size_bytes),
        pinned_(pinned_memory(size_bytes)),
        done_(cudaEventDisableTiming) {
    std::fill_n(pinned_.get(), size_bytes, std::byte{0});
  }
  ~PinnedCopy() override { cudaEventSynchronize(done_.get()); }
  PinnedCopy(const PinnedCopy&) = delete;
  PinnedCopy& operator=(const PinnedCopy&) = delete;

  [[nodiscard]] std::span<std::byte> bytes() override { return {pinned_.get(), size_bytes_}; }
  void send(bool beside) override {
    const cudaStream_t stream = beside ? device_.copy_stream() : device_.stream();
    check(cudaMemcpyAsync(address_, pinned_.get(), size_bytes_, cudaMemcpyHostToDevice, stream),
          "cudaMemcpyAsync");
    done_.record(stream);
    if (beside) {
      check(cudaStreamWaitEvent(device_.stream(), done_.get(), 0), "cudaStreamWaitEvent");
    }
  }
  void fetch() override {
    check(cudaMemcpyAsync(pinned_.get(), address_, size_bytes_, cudaMemcpyDeviceToHost,
                          device_.stream()),
          "cudaMemcpyAsync");
    done_.record(device_.stream());
  }
  void wait() override { done_.wait(); }

 private:
  struct FreePinned {
    void operator()(std::byte* memory) const { cudaFreeHost(memory); }
  };
  using PinnedMemory = std::unique_ptr<std::byte, FreePinned>;

  static PinnedMemory pinned_memory(size_t size_bytes) {
    void* memory = nullptr;
    check(cudaHostAlloc(&memory, std::max<size_t>(size_bytes, 1), cudaHostAllocDefault),
          "cudaHostAlloc");
    return PinnedMemory(static_cast<std::byte*>(memory));
  }

  CudaDevice& device_;
  std::byte* address_;
  size_t size_bytes_;
  PinnedMemory pinned_;
  CudaEvent done_;
};

// A CUDA graph. The first work is done as it is, since libraries set themselves up then.
class GraphRecording : public Recording {
 public:
  explicit GraphRecording(CudaDevice& device) : device_(device) {}
  ~GraphRecording() override {
    if (graph_ != nullptr) cudaGraphExecDestroy(graph_);
  }
  GraphRecording(const GraphRecording&) = delete;
  GraphRecording& operator=(const GraphRecording&) = delete;

  void run(const std::function<void()>& work) override {
    if (!warm_) {
      work();
      warm_ = true;
      return;
    }
    if (graph_ == nullptr) record(work);
    check(cudaGraphLaunch(graph_, device_.stream()), "cudaGraphLaunch");
  }

 private:
  void record(const std::function<void()>& work) {
    check(cudaStreamBeginCapture(device_.stream(), cudaStreamCaptureModeThreadLocal),
          "cudaStreamBeginCapture");
    cudaGraph_t recorded = nullptr;
    try {
      work();
    } catch (...) {
      cudaStreamEndCapture(device_.stream(), &recorded);
      if (recorded != nullptr) cudaGraphDestroy(recorded);
      throw;
    }
    check(cudaStreamEndCapture(device_.stream(), &recorded), "cudaStreamEndCapture");
    const cudaError_t result = cudaGraphInstantiate(&graph_, recorded, 0);
    cudaGraphDestroy(recorded);
    check(result, "cudaGraphInstantiate");
  }

  CudaDevice& device_;
  bool warm_ = false;
  cudaGraphExec_t graph_ = nullptr;
};

}  // namespace

// Delegates, so that the destructor clears up what was there when something is thrown.
CudaDevice::CudaDevice(int number) : CudaDevice() {
  const cudaError_t found = cudaSetDevice(number);
  if (found != cudaSuccess) {
    throw resource_error("GPU {} cannot be used: {}", number, cudaGetErrorString(found))
        .with_hint("orthrus doctor lists those that are there");
  }
  check(cudaGetDeviceProperties(&properties_, number), "cudaGetDeviceProperties");
  check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
  check(cudaStreamCreateWithFlags(&copy_stream_, cudaStreamNonBlocking), "cudaStreamCreate");
  check(cudnnCreate(&cudnn_), "cudnnCreate");
  check(cudnnSetStream(cudnn_, stream_), "cudnnSetStream");
  check(cublasCreate(&cublas_), "cublasCreate");
  check(cublasSetStream(cublas_, stream_), "cublasSetStream");
  workspace_ = allocate(kCublasWorkspace);
  check(cublasSetWorkspace(cublas_, workspace_.get(), kCublasWorkspace), "cublasSetWorkspace");
  context_ = allocate(sizeof(StepContext));
  scratch_ = allocate(kReductionBlocks * sizeof(double));
  set_context({});
}

CudaDevice::~CudaDevice() {
  if (stream_ != nullptr) cudaStreamSynchronize(stream_);
  if (copy_stream_ != nullptr) cudaStreamSynchronize(copy_stream_);
  if (cublas_ != nullptr) cublasDestroy(cublas_);
  if (cudnn_ != nullptr) cudnnDestroy(cudnn_);
  if (copy_stream_ != nullptr) cudaStreamDestroy(copy_stream_);
  if (stream_ != nullptr) cudaStreamDestroy(stream_);
}

std::shared_ptr<std::byte[]> CudaDevice::allocate(size_t size_bytes) {
  if (size_bytes == 0) return {};
  void* memory = nullptr;
  const cudaError_t result = cudaMalloc(&memory, size_bytes);
  if (result == cudaErrorMemoryAllocation) {
    cudaGetLastError();  // it is no lasting error
    throw resource_error("{:.2f} GB of the GPU's memory cannot be had, {:.2f} GB are free",
                         static_cast<double>(size_bytes) / 1e9,
                         static_cast<double>(available_bytes()) / 1e9)
        .with_hint("a smaller --batch-size, or --precision bf16, needs less");
  }
  check(result, "cudaMalloc");
  return {static_cast<std::byte*>(memory), free_on_device};
}

size_t CudaDevice::available_bytes() const {
  size_t free_bytes = 0, all_bytes = 0;
  check(cudaMemGetInfo(&free_bytes, &all_bytes), "cudaMemGetInfo");
  return free_bytes;
}

void CudaDevice::fill_zero(std::byte* to, size_t size_bytes) {
  if (size_bytes == 0) return;
  check(cudaMemsetAsync(to, 0, size_bytes, stream_), "cudaMemsetAsync");
}

void CudaDevice::copy(const std::byte* from, std::byte* to, size_t size_bytes) {
  if (size_bytes == 0) return;
  check(cudaMemcpyAsync(to, from, size_bytes, cudaMemcpyDeviceToDevice, stream_),
        "cudaMemcpyAsync");
}

void CudaDevice::upload(const std::byte* from, std::byte* to, size_t size_bytes) {
  if (size_bytes == 0) return;
  // From memory that is not pinned this returns when it has been copied to where it is sent from.
  check(cudaMemcpyAsync(to, from, size_bytes, cudaMemcpyHostToDevice, stream_), "cudaMemcpyAsync");
}

void CudaDevice::download(const std::byte* from, std::byte* to, size_t size_bytes) {
  if (size_bytes == 0) return;
  check(cudaMemcpyAsync(to, from, size_bytes, cudaMemcpyDeviceToHost, stream_), "cudaMemcpyAsync");
  synchronize();
}

void CudaDevice::synchronize() {
  check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
}

std::unique_ptr<HostCopy> CudaDevice::make_host_copy(std::byte* address, size_t size_bytes) {
  return std::make_unique<PinnedCopy>(*this, address, size_bytes);
}

std::unique_ptr<Recording> CudaDevice::make_recording() {
  return std::make_unique<GraphRecording>(*this);
}

void CudaDevice::set_context(const StepContext& context) {
  launch_set_context(stream_, context, reinterpret_cast<StepContext*>(context_.get()));
}

void CudaDevice::update(UpdateRule rule, const UpdateNumbers* numbers, const float* gradient,
                        float* first, float* second, float* weight, int64_t count) {
  launch_update(stream_, rule, numbers, gradient, first, second, weight, count);
}

void CudaDevice::add_scaled(float factor, const float* values, float* sum, int64_t count) {
  launch_add_scaled(stream_, factor, values, sum, count);
}

void CudaDevice::average(float decay, const float* weight, float* average, int64_t count) {
  launch_average(stream_, decay, weight, average, count);
}

double CudaDevice::sum_of_squares(const float* values, int64_t count) {
  launch_sum_of_squares(stream_, values, count, reinterpret_cast<double*>(scratch_.get()));
  return reduced();
}

bool CudaDevice::all_finite(const BufferDesc& desc, const std::byte* values) {
  const auto count = static_cast<int64_t>(desc.size_bytes / size_of(desc.dtype));
  launch_count_non_finite(stream_, desc.dtype, values, count,
                          reinterpret_cast<double*>(scratch_.get()));
  return reduced() == 0;
}

double CudaDevice::reduced() {
  double result = 0;
  download(scratch_.get(), reinterpret_cast<std::byte*>(&result), sizeof(result));
  return result;
}

}  // namespace orthrus::cuda
