#include "train/input_norm.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "graph/passes/cut.h"
#include "infer/inference.h"
#include "train/input_statistics.h"

namespace orthrus {
namespace {

constexpr int64_t kSampledPictures = 256;
constexpr int kSampleBatch = 32;

bool is_frozen(const TrainedPart& part, const std::string& norm) {
  if (!part.froze_norms) return false;
  const Graph& graph = part.frozen.find(norm) ? part.frozen : part.graph;
  return std::get<BatchNorm>(graph.node(*graph.find(norm)).op).use_global_stats;
}

class NormInputs {
 public:
  NormInputs(const Model& model, const FirstNorm& norm, SharedPictures pictures,
             const LoaderOptions& loading, Backend& backend)
      : pictures_(std::move(pictures)), loading_(of_plain_pictures(loading)) {
    const auto count = static_cast<int64_t>(pictures_->list().entries.size());
    loading_.batch_size = static_cast<int>(std::min<int64_t>(kSampleBatch, count));
    loading_.shuffle = true;
    loading_.last_batch = LastBatch::kPad;
    if (model.graph.node(norm.input.node).name == model.input) return;
    below_ = std::make_unique<Inference>(cut(model.graph, norm.input), model.input,
                                         picture_shape(model.preprocessing, loading_.batch_size),
                                         model.parameters, backend);
  }

  // Of what the BatchNorm reads when pictures are prepared like this.
  [[nodiscard]] ChannelStatistics statistics(const Preprocessing& preprocessing) const {
    Loader loader(pictures_, preprocessing, loading_);
    ChannelSums sums;
    Batch batch;
    for (int64_t seen = 0; seen < kSampledPictures && loader.next(batch); seen += batch.count) {
      if (below_) {
        below_->run(batch.images);
        sums.add(below_->output(0), below_->plan().output_shape(0), batch.count);
      } else {
        sums.add(batch.images.data(), batch.images.shape(), batch.count);
      }
    }
    return sums.statistics();
  }

 private:
  SharedPictures pictures_;
  LoaderOptions loading_;
  std::unique_ptr<Inference> below_;  // the layers under the BatchNorm, where there are any
};

Tensor as_tensor(const std::vector<double>& values) {
  Tensor tensor({std::ssize(values)}, DType::kF32);
  std::ranges::transform(values, tensor.data().begin(),
                         [](double value) { return static_cast<float>(value); });
  return tensor;
}

}  // namespace

InputNormReport settle_input_norm(Model& model, const TrainedPart& part, InputNorm mode,
                                  const SharedPictures& pictures, const LoaderOptions& loading,
                                  Backend& backend) {
  const std::optional<FirstNorm> norm = find_first_norm(model.graph);
  if (!model.pretrained || !norm || !is_frozen(part, norm->name)) return {};
  const NormInputs inputs(model, *norm, pictures, loading, backend);
  const ChannelStatistics stored = stored_statistics(*norm, model.parameters);
  const ChannelStatistics real = inputs.statistics(model.preprocessing);
  const std::string text = disagreement(*norm, stored, real);
  if (text.empty()) return {};
  if (mode != InputNorm::kAuto) {
    return {.note = {},
            .warning =
                text + "; it is frozen, so they stay as they are (--input-norm auto mends that)"};
  }
  Preprocessing raw = model.preprocessing;
  raw.mean.fill(0);
  raw.std.fill(1);
  if (disagreement(*norm, stored, inputs.statistics(raw)).empty()) {
    model.preprocessing = raw;
    return {.note = text +
                    "; they agree with raw pixels, so mean and standard deviation are no "
                    "longer taken from the pixels (--input-norm on keeps them)",
            .warning = {}};
  }
  model.parameters[norm->mean_name] = as_tensor(real.mean);
  model.parameters[norm->variance_name] = as_tensor(real.variance);
  return {.note = text + "; it gets those of the training pictures (--input-norm on keeps its own)",
          .warning = {}};
}

}  // namespace orthrus
