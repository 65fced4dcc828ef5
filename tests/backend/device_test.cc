// Arithmetic of every device that there is.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "backend/backends.h"
#include "backend/update_rules.h"

namespace orthrus::testing {
namespace {

class OnDevice {
 public:
  explicit OnDevice(Device& device) : device_(device) {}

  std::vector<float> updated(UpdateRule rule, const UpdateNumbers& numbers,
                             const std::vector<float>& gradient) {
    const std::vector<float> zeros(gradient.size(), 0.0F);
    const auto memory_numbers = uploaded(&numbers, sizeof numbers);
    const size_t bytes = gradient.size() * sizeof(float);
    const auto g = uploaded(gradient.data(), bytes), first = uploaded(zeros.data(), bytes),
               second = uploaded(zeros.data(), bytes), weight = uploaded(zeros.data(), bytes);
    device_.update(rule, reinterpret_cast<const UpdateNumbers*>(memory_numbers.get()), floats(g),
                   floats(first), floats(second), floats(weight),
                   static_cast<int64_t>(gradient.size()));
    std::vector<float> result(gradient.size());
    device_.download(weight.get(), reinterpret_cast<std::byte*>(result.data()), bytes);
    return result;
  }

 private:
  using Memory = std::shared_ptr<std::byte[]>;
  Memory uploaded(const void* values, size_t size_bytes) {
    Memory memory = device_.allocate(size_bytes);
    device_.upload(static_cast<const std::byte*>(values), memory.get(), size_bytes);
    return memory;
  }
  static float* floats(const Memory& memory) { return reinterpret_cast<float*>(memory.get()); }

  Device& device_;
};

// A gradient that is no number must reach the weights, where it is looked for; also in the vectors
// of four that a GPU takes (5 elements).
TEST(Device, ClippingBoundsNumbersAndKeepsNan) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const UpdateNumbers numbers{.learning_rate = 1, .clip = 2, .epsilon = 1};
  for (const TestedBackend& tested : tested_backends()) {
    SCOPED_TRACE(tested.name);
    const auto backend = tested.make();
    OnDevice on(backend->device());
    for (const UpdateRule rule : {UpdateRule::kSgd, UpdateRule::kNesterov, UpdateRule::kAdamW}) {
      const std::vector<float> weights = on.updated(rule, numbers, {nan, 7, -infinity, 0.5F, nan});
      EXPECT_TRUE(std::isnan(weights[0]));
      EXPECT_TRUE(std::isnan(weights[4]));
      for (const size_t i : {1U, 2U, 3U}) EXPECT_TRUE(std::isfinite(weights[i])) << i;
    }
    EXPECT_EQ(on.updated(UpdateRule::kSgd, numbers, {7, -7, 0.5F}),
              (std::vector<float>{-2, 2, -0.5F}));
  }
}

}  // namespace
}  // namespace orthrus::testing
