#include "infer/inference.h"

#include <algorithm>

#include "base/error.h"
#include "graph/passes/fuse.h"

namespace orthrus {

Graph inference_graph(const FoldedGraph& folded) {
  return fuse_convolution(fuse_batch_norm(folded.graph));
}

Inference::Inference(const Model& model, int64_t batch_size, Backend& backend)
    : input_(model.input),
      folded_(fold_batch_norm(model.graph)),
      plan_(inference_graph(folded_),
            {{model.input, picture_shape(model.preprocessing, batch_size)}}, backend, {}) {
  load_parameters(model.parameters);
}

void Inference::run(const Tensor& images) {
  const std::span<const float> pixels = images.data();
  const std::span<float> input = plan_.input(input_);
  if (pixels.size() != input.size()) {
    throw internal_error("a batch of {} does not fit the plan", images.shape().to_string());
  }
  std::ranges::copy(pixels, input.begin());
  plan_.forward({});
}

}  // namespace orthrus
