// A device that repeats recorded work without calling it again, on the processor: what a plan may
// leave to a recording, and what not.
#include <gtest/gtest.h>

#include <algorithm>

#include "exec/plan.h"
#include "model/networks.h"

namespace orthrus {
namespace {

using testing::tiny_model;

// Does its work twice, as a GPU does it plainly and then records it; later runs call nothing.
class TwoRuns : public Recording {
 public:
  void run(const std::function<void()>& work) override {
    if (++runs_ <= 2) work();
  }

 private:
  int runs_ = 0;
};

// The processor's memory and arithmetic, with such recordings.
class ForgetfulDevice : public Device {
 public:
  bool is_host() const override { return true; }
  std::shared_ptr<std::byte[]> allocate(size_t size_bytes) override {
    return host_.allocate(size_bytes);
  }
  size_t available_bytes() const override { return host_.available_bytes(); }
  void fill_zero(std::byte* to, size_t size_bytes) override { host_.fill_zero(to, size_bytes); }
  void copy(const std::byte* from, std::byte* to, size_t size_bytes) override {
    host_.copy(from, to, size_bytes);
  }
  void upload(const std::byte* from, std::byte* to, size_t size_bytes) override {
    host_.upload(from, to, size_bytes);
  }
  void download(const std::byte* from, std::byte* to, size_t size_bytes) override {
    host_.download(from, to, size_bytes);
  }
  void synchronize() override { host_.synchronize(); }
  std::unique_ptr<HostCopy> make_host_copy(std::byte* address, size_t size_bytes) override {
    return host_.make_host_copy(address, size_bytes);
  }
  std::unique_ptr<Recording> make_recording() override { return std::make_unique<TwoRuns>(); }
  void set_context(const StepContext& context) override { host_.set_context(context); }
  void update(UpdateRule rule, const UpdateNumbers* numbers, const float* gradient, float* first,
              float* second, float* weight, int64_t count) override {
    host_.update(rule, numbers, gradient, first, second, weight, count);
  }
  void add_scaled(float factor, const float* values, float* sum, int64_t count) override {
    host_.add_scaled(factor, values, sum, count);
  }
  void average(float decay, const float* weight, float* average, int64_t count) override {
    host_.average(decay, weight, average, count);
  }
  double sum_of_squares(const float* values, int64_t count) override {
    return host_.sum_of_squares(values, count);
  }
  bool all_finite(const BufferDesc& desc, const std::byte* values) override {
    return host_.all_finite(desc, values);
  }

 private:
  Device& host_ = host_device();
};

class ForgetfulBackend : public Backend {
 public:
  std::string_view name() const override { return ref_->name(); }
  Device& device() override { return device_; }
  std::span<const KernelCandidate> candidates(const Op& op) const override {
    return ref_->candidates(op);
  }
  std::string layout_name(const BufferDesc& desc) const override { return ref_->layout_name(desc); }
  bool same_bytes(const BufferDesc& from, const BufferDesc& to) const override {
    return ref_->same_bytes(from, to);
  }
  std::unique_ptr<Reorder> make_reorder(const BufferDesc& from, const BufferDesc& to) override {
    return ref_->make_reorder(from, to);
  }
  void add(const BufferDesc& desc, const std::byte* a, const std::byte* b,
           std::byte* sum) override {
    ref_->add(desc, a, b, sum);
  }

 private:
  std::unique_ptr<Backend> ref_ = make_ref_backend();
  ForgetfulDevice device_;
};

TEST(Recording, IsNotUsedForAnotherSink) {
  ForgetfulBackend backend;
  const Model model = tiny_model();
  Plan plan(model.graph, {{"data", {2, 3, 8, 8}}}, backend, {.training = true, .same_sink = true});
  plan.load_parameters(model.parameters);
  std::ranges::fill(plan.input("data"), 1.0F);
  plan.forward({});
  int usual = 0, other = 0;
  for (int step = 0; step < 4; ++step) {
    plan.backward({}, [&](int, std::span<const float>) { ++usual; });
  }
  const auto trained = std::ranges::count_if(plan.parameters(), &PlanParameter::trainable);
  EXPECT_EQ(usual, 2 * trained);
  plan.backward(
      {}, [&](int, std::span<const float>) { ++other; }, {}, true);
  EXPECT_EQ(other, trained);
}

}  // namespace
}  // namespace orthrus
