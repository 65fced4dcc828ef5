// Device: where a backend's kernels find their memory, how numbers get there and back, and the
// arithmetic on parameters that does not belong to a graph. The processor's own memory is one; a
// GPU's is another, which works off what it is given while the processor goes on.
//
// On a device with memory of its own the addresses that plans, kernels and the functions below deal
// in are the device's: only upload(), download() and HostCopy reach them from the processor. Work
// is done in the order in which it was started.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "backend/kernel.h"
#include "backend/update_rules.h"

namespace orthrus {

// A buffer of a device as the processor sees it, for numbers that go to and fro again and again.
class HostCopy {
 public:
  virtual ~HostCopy() = default;
  [[nodiscard]] virtual std::span<std::byte> bytes() = 0;
  // What stands in bytes() is what work started from now on finds. With `beside`, it is brought
  // over while work started before may still be running: that work must not read the buffer.
  virtual void send(bool beside) = 0;
  // Starts to bring back what the work started so far leaves in the buffer.
  virtual void fetch() = 0;
  // Until the last send() or fetch() is done: bytes() may be written, or read.
  virtual void wait() = 0;
};

// A stretch of work on a device that is the same each time: a device may record it and then start
// it as a whole.
class Recording {
 public:
  virtual ~Recording() = default;
  // Does `work`, or repeats what it did in an earlier call without calling it.
  virtual void run(const std::function<void()>& work) = 0;
};

class Device {
 public:
  virtual ~Device() = default;

  // The processor's own memory.
  [[nodiscard]] virtual bool is_host() const = 0;
  // Aligned to 64 bytes, not initialised. Throws kResource where it cannot be had.
  [[nodiscard]] virtual std::shared_ptr<std::byte[]> allocate(size_t size_bytes) = 0;
  // What a plan may take.
  [[nodiscard]] virtual size_t available_bytes() const = 0;
  virtual void fill_zero(std::byte* to, size_t size_bytes) = 0;
  virtual void copy(const std::byte* from, std::byte* to, size_t size_bytes) = 0;
  // From the processor's memory, which may change as soon as it returns.
  virtual void upload(const std::byte* from, std::byte* to, size_t size_bytes) = 0;
  // Into the processor's memory; waits for all work.
  virtual void download(const std::byte* from, std::byte* to, size_t size_bytes) = 0;
  virtual void synchronize() = 0;

  [[nodiscard]] virtual std::unique_ptr<HostCopy> make_host_copy(std::byte* address,
                                                                 size_t size_bytes) = 0;
  [[nodiscard]] virtual std::unique_ptr<Recording> make_recording() = 0;
  // What kernels take for the context of the step from now on, recorded ones too.
  virtual void set_context(const StepContext& context) = 0;

  // ---- arithmetic on arrays of `count` floats
  // `numbers` lies in the device's memory: a recorded update reads the numbers of its own time.
  virtual void update(UpdateRule rule, const UpdateNumbers* numbers, const float* gradient,
                      float* first, float* second, float* weight, int64_t count) = 0;
  // sum += factor * values.
  virtual void add_scaled(float factor, const float* values, float* sum, int64_t count) = 0;
  // average = decay * average + (1 - decay) * weight.
  virtual void average(float decay, const float* weight, float* average, int64_t count) = 0;
  // These two wait for all work.
  [[nodiscard]] virtual double sum_of_squares(const float* values, int64_t count) = 0;
  [[nodiscard]] virtual bool all_finite(const BufferDesc& desc, const std::byte* values) = 0;
};

// The processor's memory and threads.
[[nodiscard]] Device& host_device();

}  // namespace orthrus
