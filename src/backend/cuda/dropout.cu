// Dropout: the mask of base/random.h's stream, each element's number computed where it is needed
// (Philox is a function of the counter). Nothing is kept for backward.
#include "backend/cuda/candidates.h"
#include "backend/cuda/cuda_check.h"
#include "backend/cuda/cuda_kernel.h"
#include "backend/cuda/launch.h"
#include "base/hash.h"
#include "base/random.h"

namespace orthrus::cuda {
namespace {

__device__ uint64_t mix(uint64_t x) {  // as in base/random.cc
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

struct Words {
  uint32_t word[4];
};

__device__ Words philox(uint64_t block, uint64_t stream, uint64_t key) {
  uint32_t c0 = static_cast<uint32_t>(block), c1 = static_cast<uint32_t>(block >> 32);
  uint32_t c2 = static_cast<uint32_t>(stream), c3 = static_cast<uint32_t>(stream >> 32);
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
#pragma unroll
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * c0;
    const uint64_t p1 = uint64_t{0xCD9E8D57} * c2;
    const uint32_t next0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
    const uint32_t next2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c1 = static_cast<uint32_t>(p1);
    c3 = static_cast<uint32_t>(p0);
    c0 = next0;
    c2 = next2;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return {{c0, c1, c2, c3}};
}

__global__ void drop(const StepContext* context, uint64_t layer, double p, float kept,
                     const float* from, float* to, int64_t count) {
  const uint64_t key = mix(context->seed ^ mix(static_cast<uint64_t>(StreamPurpose::kDropout)));
  const uint64_t stream = mix(mix(context->step) ^ layer);
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) {
    // A number takes two words, so a block of the stream holds two.
    const Words words = philox(static_cast<uint64_t>(i) / 2, stream, key);
    const uint64_t a = words.word[i % 2 * 2] >> 5, b = words.word[i % 2 * 2 + 1] >> 6;
    const double uniform = static_cast<double>((a << 26) | b) * 0x1p-53;
    to[i] = uniform >= p ? from[i] * kept : 0;
  }
}

class DropoutKernel : public CudaKernel {
 public:
  DropoutKernel(CudaBackend& backend, const KernelRequest& request)
      : CudaKernel(backend, request),
        p_(std::get<Dropout>(request.node.op).p),
        layer_(hash_text(request.node.name)) {
    inputs_[0] = plain_desc(inputs_[0].shape);
    output_ = inputs_[0];
    if (!request.training || p_ == 0) {
      implementation_ = "identity";
      is_alias_ = true;
      return;
    }
    implementation_ = "own:mask";
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    forward.reads = {{SlotKind::kInput, 0}};
    forward.writes = {{SlotKind::kOutput}};
    forward.in_place = {{{SlotKind::kInput, 0}, {SlotKind::kOutput}}};
    steps_.push_back(std::move(forward));
    if (!request.any_gradient()) return;
    KernelStep backward{.name = "backward", .phase = Phase::kBackward};
    backward.reads = {{SlotKind::kOutputGradient}};
    backward.writes = {{SlotKind::kInputGradient, 0}};
    backward.in_place = {{{SlotKind::kOutputGradient}, {SlotKind::kInputGradient, 0}}};
    steps_.push_back(std::move(backward));
  }

  void run(int step, const StepContext&) override {
    const StepBuffers& at = buffers(step);
    const int64_t count = output_.shape.elements();
    const auto* from =
        reinterpret_cast<const float*>(step == 0 ? at.inputs[0] : at.output_gradient);
    auto* to = reinterpret_cast<float*>(step == 0 ? at.output : at.input_gradients[0]);
    drop<<<blocks_for(count), kThreads, 0, stream()>>>(
        backend_.cuda().context(), layer_, p_, static_cast<float>(1 / (1 - p_)), from, to, count);
    check(cudaGetLastError(), "drop");
  }

 private:
  double p_;
  uint64_t layer_;
};

}  // namespace

std::unique_ptr<Kernel> make_dropout(Backend& backend, const KernelRequest& request,
                                     Refusal& refusal) {
  if (std::get<Dropout>(request.node.op).whole) {
    refusal = "dropout of whole pictures";
    return nullptr;
  }
  return std::make_unique<DropoutKernel>(as_cuda(backend), request);
}

}  // namespace orthrus::cuda
