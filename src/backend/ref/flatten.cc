#include "backend/ref/ref_backend.h"
#include "backend/ref/ref_kernel.h"

namespace orthrus {

namespace {

template <typename T>
class RefFlatten : public RefKernel<T> {
 public:
  explicit RefFlatten(const KernelRequest& request) : RefKernel<T>(request) {
    this->is_alias_ = true;
  }
};

}  // namespace

std::unique_ptr<Kernel> make_ref_flatten(Backend&, const KernelRequest& request, Refusal& refusal) {
  return make_ref<RefFlatten>(request, 1, refusal);
}

}  // namespace orthrus
