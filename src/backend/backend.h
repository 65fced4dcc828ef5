// Backend: a family of kernels for one kind of device, the layouts they use, and how buffers get
// from one layout to another.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backend/device.h"
#include "backend/kernel.h"

namespace orthrus {

// Why a candidate kernel does not take a node: one line. Empty: it takes it.
using Refusal = std::string;

// Either returns a kernel or leaves a reason in `refusal`.
using MakeKernel = std::unique_ptr<Kernel>(class Backend& backend, const KernelRequest& request,
                                           Refusal& refusal);

// One way of computing a kind of node.
struct KernelCandidate {
  std::string_view name;
  MakeKernel* make;
};

// Copies a buffer into another layout or element type; bound and run like a kernel's step.
class Reorder {
 public:
  virtual ~Reorder() = default;
  [[nodiscard]] virtual size_t scratch_bytes() const { return 0; }
  virtual void bind(const std::byte* from, std::byte* to, std::byte* scratch) = 0;
  virtual void run() = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  // Element type of the values that the kernels compute with.
  [[nodiscard]] virtual DType dtype() const { return DType::kF32; }
  // Where its buffers lie.
  [[nodiscard]] virtual Device& device() { return host_device(); }
  // Candidates for an operator, best first.
  [[nodiscard]] virtual std::span<const KernelCandidate> candidates(const Op& op) const = 0;

  // Text of a layout for listings: "plain", "nChw16c".
  [[nodiscard]] virtual std::string layout_name(const BufferDesc& desc) const = 0;
  // True when the bytes of a buffer of `from` are already a buffer of `to`.
  [[nodiscard]] virtual bool same_bytes(const BufferDesc& from, const BufferDesc& to) const = 0;
  [[nodiscard]] virtual std::unique_ptr<Reorder> make_reorder(const BufferDesc& from,
                                                              const BufferDesc& to) = 0;
  // dst = a + b element by element, for buffers of one description; dst may be a or b.
  virtual void add(const BufferDesc& desc, const std::byte* a, const std::byte* b,
                   std::byte* dst) = 0;
};

// Plain loops in row-major layout, in float32 or (with `dtype` kF64) in double: the oracle that
// every other kernel is compared with, and the last resort. Single-threaded on purpose.
[[nodiscard]] std::unique_ptr<Backend> make_ref_backend(DType dtype = DType::kF32);

// How pictures' channels lie in the memory of the processor's kernels.
enum class ActivationLayout {
  kFastest,        // by a fixed table of instruction sets
  kChannelBlocks,  // nChw16c, or nChw8c without AVX-512
  kChannelsLast,   // nhwc
};

struct CpuOptions {
  // Winograd's algorithm for 3x3 convolutions with stride 1: faster, rounds a little differently.
  // float32 only.
  bool winograd = true;
  // kF32, or kBF16: activations, their gradients and the convolutions' copies of the weights in
  // bfloat16; parameters and their gradients, statistics, losses and outputs stay in float32.
  DType activations = DType::kF32;
  ActivationLayout layout = ActivationLayout::kFastest;
  // Measure Winograd's algorithm and the direct one for each convolution and direction, once; else
  // a fixed rule chooses. float32 only.
  bool autotune = false;
  // Folder where measured choices are kept from run to run; empty: they are not.
  std::filesystem::path cache = {};
};

// The processor's: oneDNN and own vectorised kernels; `ref` kernels are last in its lists. Throws
// kUsage for bf16 on a processor without it.
[[nodiscard]] std::unique_ptr<Backend> make_cpu_backend(const CpuOptions& options = {});
struct CudaOptions {
  int gpu = 0;  // as CUDA counts them
  // kF32, or kBF16 as in CpuOptions. float32 is computed without TF32.
  DType activations = DType::kF32;
  // Every run gives the same bytes: convolutions are chosen without measuring, and only from those
  // that add up in a fixed order.
  bool deterministic = false;
  // In inference, measure convolutions that take along what follows them, too: they are compiled
  // first, which takes most of a minute for a network.
  bool autotune = false;
  // Folder where measured choices are kept from run to run; empty: they are not.
  std::filesystem::path cache = {};
};

// NVIDIA's: cuDNN, cuBLAS and own kernels. Throws kUsage in a build without CUDA, kResource when
// there is no such GPU.
[[nodiscard]] std::unique_ptr<Backend> make_cuda_backend(const CudaOptions& options = {});

struct CudaState {
  bool built = false;             // this program can use a GPU at all
  std::vector<std::string> gpus;  // "NVIDIA H100 80GB HBM3 (79.2 GiB)", by number
  std::string libraries;          // versions of driver and libraries
  std::string problem;            // why there is none, where there is none
};
[[nodiscard]] CudaState cuda_state();

// Operations and bytes (read and written) per second that a GPU reaches when it only multiplies
// large matrices of the options' type, or only copies. Throws what make_cuda_backend() throws.
struct GpuPeak {
  double flops = 0, bandwidth = 0;
};
[[nodiscard]] GpuPeak measure_gpu_peak(const CudaOptions& options);

// What the processor has for arithmetic in bf16: "AMX", "AVX512_BF16", or nothing.
[[nodiscard]] std::string_view bf16_instructions();
// Floating-point operations per second that the current threads reach together when they only
// multiply and add in registers: the roof over every kernel. Takes about a fifth of a second.
[[nodiscard]] double measure_peak_flops();
// Bytes per second that the current threads read and write together when they copy memory that no
// cache holds. Takes about a fifth of a second and 256 MB.
[[nodiscard]] double measure_peak_bandwidth();
// Libraries and instruction set in one line, for people.
[[nodiscard]] std::string cpu_backend_description();

}  // namespace orthrus
