// FullyConnected by cuBLAS on row-major float32: dst (N,K) = src (N,F) weight^T (F,K) + bias. A
// row-major matrix is a column-major one transposed, so cuBLAS is asked for dst^T = weight src^T.
#include "backend/cuda/candidates.h"
#include "backend/cuda/cuda_check.h"
#include "backend/cuda/cuda_kernel.h"
#include "backend/cuda/launch.h"
#include "backend/cuda/reduce.cuh"

namespace orthrus::cuda {
namespace {

__global__ void add_bias(float* y, const float* bias, int outputs, int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) y[i] += bias[i % outputs];
}

// A block per output.
__global__ void sum_columns(const float* dy, int rows, int outputs, float* sums) {
  double sum = 0;
  for (int row = static_cast<int>(threadIdx.x); row < rows; row += kThreads) {
    sum += dy[static_cast<int64_t>(row) * outputs + blockIdx.x];
  }
  sum = block_sum<kThreads>(sum);
  if (threadIdx.x == 0) sums[blockIdx.x] = static_cast<float>(sum);
}

class FullyConnectedKernel : public CudaKernel {
 public:
  FullyConnectedKernel(CudaBackend& backend, const KernelRequest& request)
      : CudaKernel(backend, request),
        has_bias_(std::get<FullyConnected>(request.node.op).has_bias) {
    for (BufferDesc& input : inputs_) input = plain_desc(input.shape);
    output_ = plain_desc(output_.shape);
    rows_ = static_cast<int>(output_.shape[0]);
    outputs_ = static_cast<int>(output_.shape[1]);
    features_ = static_cast<int>(inputs_[0].shape.elements(1));
    wants_ = request.input_gradients;
    wants_.resize(3, false);
    implementation_ = "cublas";
    const double flops = 2.0 * rows_ * outputs_ * features_;
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    forward.reads = {{SlotKind::kInput, 0}, {SlotKind::kInput, 1}};
    if (has_bias_) forward.reads.push_back({SlotKind::kInput, 2});
    forward.writes = {{SlotKind::kOutput}};
    forward.flops = flops;
    steps_.push_back(std::move(forward));
    if (wants_[1] || wants_[2]) {
      KernelStep step{.name = "backward_weights", .phase = Phase::kBackward};
      step.reads = {{SlotKind::kOutputGradient}, {SlotKind::kInput, 0}};
      for (const int i : {1, 2}) {
        if (wants_[static_cast<size_t>(i)]) step.writes.push_back({SlotKind::kInputGradient, i});
      }
      step.flops = flops;
      steps_.push_back(std::move(step));
    }
    if (wants_[0]) {
      KernelStep step{.name = "backward_data", .phase = Phase::kBackward};
      step.reads = {{SlotKind::kOutputGradient}, {SlotKind::kInput, 1}};
      step.writes = {{SlotKind::kInputGradient, 0}};
      step.flops = flops;
      data_step_ = static_cast<int>(steps_.size());
      steps_.push_back(std::move(step));
    }
  }

  void run(int step, const StepContext&) override {
    const StepBuffers& at = buffers(step);
    const auto floats = [](std::byte* address) { return reinterpret_cast<float*>(address); };
    if (step == 0) {
      product(CUBLAS_OP_T, CUBLAS_OP_N, outputs_, rows_, features_, floats(at.inputs[1]), features_,
              floats(at.inputs[0]), features_, floats(at.output));
      if (!has_bias_) return;
      const int64_t count = output_.shape.elements();
      add_bias<<<blocks_for(count), kThreads, 0, stream()>>>(floats(at.output),
                                                             floats(at.inputs[2]), outputs_, count);
      check(cudaGetLastError(), "add_bias");
    } else if (step == data_step_) {  // dsrc (N,F) = ddst (N,K) weight (K,F)
      product(CUBLAS_OP_N, CUBLAS_OP_N, features_, rows_, outputs_, floats(at.inputs[1]), features_,
              floats(at.output_gradient), outputs_, floats(at.input_gradients[0]));
    } else {
      if (wants_[1]) {  // dweight (K,F) = ddst^T (K,N) src (N,F)
        product(CUBLAS_OP_N, CUBLAS_OP_T, features_, outputs_, rows_, floats(at.inputs[0]),
                features_, floats(at.output_gradient), outputs_, floats(at.input_gradients[1]));
      }
      if (!wants_[2]) return;
      sum_columns<<<static_cast<unsigned>(outputs_), kThreads, 0, stream()>>>(
          floats(at.output_gradient), rows_, outputs_, floats(at.input_gradients[2]));
      check(cudaGetLastError(), "sum_columns");
    }
  }

 private:
  // Column-major c (m,n) = op(a) (m,k) op(b) (k,n); c's columns lie close.
  void product(cublasOperation_t op_a, cublasOperation_t op_b, int m, int n, int k, const float* a,
               int lda, const float* b, int ldb, float* c) {
    const float one = 1, zero = 0;
    check(cublasSgemm(backend_.cuda().cublas(), op_a, op_b, m, n, k, &one, a, lda, b, ldb, &zero, c,
                      m),
          "cublasSgemm");
  }

  bool has_bias_;
  int rows_ = 0, outputs_ = 0, features_ = 0;
  std::vector<bool> wants_;
  int data_step_ = -1;
};

}  // namespace

std::unique_ptr<Kernel> make_fully_connected(Backend& backend, const KernelRequest& request,
                                             Refusal&) {
  return std::make_unique<FullyConnectedKernel>(as_cuda(backend), request);
}

}  // namespace orthrus::cuda
