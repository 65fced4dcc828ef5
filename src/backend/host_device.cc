// The processor's own memory as a device: everything is done when it is asked for.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "backend/device.h"
#include "base/machine.h"
#include "base/threads.h"

namespace orthrus {
namespace {

// Below this size the threads' start costs more than the loop.
constexpr int64_t kSerialCount = 16384;

template <typename Body>
void for_parts(int64_t count, const Body& body) {
  if (count <= kSerialCount) {
    body(int64_t{0}, count);
  } else {
    parallel_for(count, body);
  }
}

class HostView : public HostCopy {
 public:
  HostView(std::byte* address, size_t size_bytes) : bytes_(address, size_bytes) {}
  [[nodiscard]] std::span<std::byte> bytes() override { return bytes_; }
  void send(bool) override {}
  void fetch() override {}
  void wait() override {}

 private:
  std::span<std::byte> bytes_;
};

class NoRecording : public Recording {
 public:
  void run(const std::function<void()>& work) override { work(); }
};

template <typename T>
bool all_of_elements(const BufferDesc& desc, const std::byte* address, bool (*holds)(T)) {
  const auto* values = reinterpret_cast<const T*>(address);
  return std::all_of(values, values + desc.size_bytes / sizeof(T), holds);
}

class HostDevice : public Device {
 public:
  [[nodiscard]] bool is_host() const override { return true; }
  [[nodiscard]] std::shared_ptr<std::byte[]> allocate(size_t size_bytes) override {
    return allocate_aligned(size_bytes);
  }
  [[nodiscard]] size_t available_bytes() const override { return available_memory_bytes(); }
  void fill_zero(std::byte* to, size_t size_bytes) override {
    if (size_bytes > 0) std::memset(to, 0, size_bytes);
  }
  void copy(const std::byte* from, std::byte* to, size_t size_bytes) override {
    if (size_bytes == 0) return;  // there may be no memory at all
    for_parts(static_cast<int64_t>(size_bytes), [&](int64_t begin, int64_t end) {
      std::memcpy(to + begin, from + begin, static_cast<size_t>(end - begin));
    });
  }
  void upload(const std::byte* from, std::byte* to, size_t size_bytes) override {
    copy(from, to, size_bytes);
  }
  void download(const std::byte* from, std::byte* to, size_t size_bytes) override {
    copy(from, to, size_bytes);
  }
  void synchronize() override {}

  [[nodiscard]] std::unique_ptr<HostCopy> make_host_copy(std::byte* address,
                                                         size_t size_bytes) override {
    return std::make_unique<HostView>(address, size_bytes);
  }
  [[nodiscard]] std::unique_ptr<Recording> make_recording() override {
    return std::make_unique<NoRecording>();
  }
  void set_context(const StepContext&) override {}

  void update(UpdateRule rule, const UpdateNumbers* numbers, const float* gradient, float* first,
              float* second, float* weight, int64_t count) override {
    for_parts(count, [&](int64_t begin, int64_t end) {
      float* own_second = second == nullptr ? nullptr : second + begin;
      apply_update(rule, *numbers, gradient + begin, first + begin, own_second, weight + begin,
                   end - begin);
    });
  }
  void add_scaled(float factor, const float* values, float* sum, int64_t count) override {
    for_parts(count, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) sum[i] += factor * values[i];
    });
  }
  void average(float decay, const float* weight, float* average, int64_t count) override {
    for_parts(count, [&](int64_t begin, int64_t end) {
      average_rule(decay, weight + begin, average + begin, end - begin);
    });
  }

  // In blocks of a fixed size, so that the number of threads changes no rounding.
  [[nodiscard]] double sum_of_squares(const float* values, int64_t count) override {
    constexpr int64_t kBlock = 65536;
    std::vector<double> sums(static_cast<size_t>((count + kBlock - 1) / kBlock));
    parallel_for(std::ssize(sums), [&](int64_t begin, int64_t end) {
      for (int64_t block = begin; block < end; ++block) {
        double sum = 0;
        for (int64_t i = block * kBlock; i < std::min((block + 1) * kBlock, count); ++i) {
          const double value = values[i];
          sum += value * value;
        }
        sums[static_cast<size_t>(block)] = sum;
      }
    });
    double total = 0;
    for (const double sum : sums) total += sum;
    return total;
  }

  [[nodiscard]] bool all_finite(const BufferDesc& desc, const std::byte* values) override {
    if (desc.dtype == DType::kF64) {
      return all_of_elements<double>(desc, values, [](double v) { return std::isfinite(v); });
    }
    if (desc.dtype == DType::kBF16) {
      return all_of_elements<uint16_t>(desc, values,
                                       [](uint16_t v) { return std::isfinite(bf16_to_f32(v)); });
    }
    return all_of_elements<float>(desc, values, [](float v) { return std::isfinite(v); });
  }
};

}  // namespace

Device& host_device() {
  static HostDevice device;
  return device;
}

}  // namespace orthrus
