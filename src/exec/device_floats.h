// DeviceFloats: one array in a device's memory, all zeros at first, from which parts are dealt out,
// each beginning at a multiple of 64 bytes: kernels read whole vectors.
#pragma once

#include <memory>
#include <span>

#include "backend/device.h"

namespace orthrus {

class DeviceFloats {
 public:
  // What a part of `count` floats takes.
  [[nodiscard]] static constexpr size_t aligned(size_t count) { return (count + 15) / 16 * 16; }

  DeviceFloats() = default;
  // Throws kResource where the memory cannot be had.
  DeviceFloats(Device& device, size_t count) : count_(count) {
    if (count == 0) return;
    memory_ = device.allocate(size_bytes());
    device.fill_zero(memory_.get(), size_bytes());
  }

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] size_t size_bytes() const { return count_ * sizeof(float); }
  [[nodiscard]] std::span<float> all() const {
    return {reinterpret_cast<float*>(memory_.get()), count_};
  }
  // The next `count` floats; none from an empty array.
  [[nodiscard]] std::span<float> take(size_t count) {
    if (empty()) return {};
    const std::span<float> taken = all().subspan(taken_, count);
    taken_ += aligned(count);
    return taken;
  }

 private:
  size_t count_ = 0;
  size_t taken_ = 0;
  std::shared_ptr<std::byte[]> memory_;
};

}  // namespace orthrus
