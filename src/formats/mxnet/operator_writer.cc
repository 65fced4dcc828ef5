// Attributes that every MXNet has are always written; later ones only where they differ from their
// default, so that an old MXNet reads what it can compute.
#include "base/error.h"
#include "formats/mxnet/operators.h"

namespace orthrus::mxnet {

namespace {

std::string text(bool value) {
  return value ? "True" : "False";
}
std::string text(Pair pair) {
  return fmt::format("({}, {})", pair.h, pair.w);
}
std::string text(int64_t value) {
  return fmt::format("{}", value);
}
std::string text(double value) {
  return fmt::format("{}", value);
}

WrittenOperator write(const Variable&) {
  return {"null", {}};
}

WrittenOperator write(const Convolution& op) {
  if (op.fused()) {
    throw internal_error(
        "a fused Convolution cannot be written; the unfused network is to be saved");
  }
  return {"Convolution",
          {{"dilate", text(op.dilate)},
           {"kernel", text(op.kernel)},
           {"no_bias", text(!op.has_bias)},
           {"num_filter", text(op.num_filter)},
           {"num_group", text(op.num_group)},
           {"pad", text(op.pad)},
           {"stride", text(op.stride)}}};
}

WrittenOperator write(const BatchNorm& op) {
  if (op.fused_add || op.fused_relu) {
    throw internal_error("a fused BatchNorm cannot be written; the unfused network is to be saved");
  }
  return {"BatchNorm",
          {{"eps", text(op.eps)},
           {"fix_gamma", text(op.fix_gamma)},
           {"momentum", text(op.momentum)},
           {"use_global_stats", text(op.use_global_stats)}},
          3};
}

std::string text(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kRelu:
      return "relu";
    case ActivationKind::kSigmoid:
      return "sigmoid";
    case ActivationKind::kTanh:
      return "tanh";
    case ActivationKind::kSoftrelu:
      return "softrelu";
    case ActivationKind::kSoftsign:
      return "softsign";
  }
  throw internal_error("unknown activation {}", static_cast<int>(kind));
}

WrittenOperator write(const Activation& op) {
  return {"Activation", {{"act_type", text(op.kind)}}};
}

std::string text(LeakyKind kind) {
  switch (kind) {
    case LeakyKind::kLeaky:
      return "leaky";
    case LeakyKind::kPrelu:
      return "prelu";
    case LeakyKind::kElu:
      return "elu";
  }
  throw internal_error("unknown leaky activation {}", static_cast<int>(kind));
}

WrittenOperator write(const LeakyRelu& op) {
  return {"LeakyReLU", {{"act_type", text(op.kind)}, {"slope", text(op.slope)}}};
}

std::string text(PoolingKind kind) {
  switch (kind) {
    case PoolingKind::kMax:
      return "max";
    case PoolingKind::kAverage:
      return "avg";
    case PoolingKind::kSum:
      return "sum";
  }
  throw internal_error("unknown pooling {}", static_cast<int>(kind));
}

WrittenOperator write(const Pooling& op) {
  const bool full = op.convention == PoolingConvention::kFull;
  WrittenOperator written = {"Pooling",
                             {{"global_pool", text(op.global)},
                              {"kernel", text(op.kernel)},
                              {"pad", text(op.pad)},
                              {"pool_type", text(op.kind)},
                              {"pooling_convention", full ? "full" : "valid"},
                              {"stride", text(op.stride)}},
                             op.kind == PoolingKind::kMax ? 2 : 1};
  if (!op.count_include_pad) written.attributes.emplace_back("count_include_pad", text(false));
  return written;
}

WrittenOperator write(const FullyConnected& op) {
  return {"FullyConnected", {{"no_bias", text(!op.has_bias)}, {"num_hidden", text(op.num_hidden)}}};
}

WrittenOperator write(const Flatten&) {
  return {"Flatten", {}};
}

WrittenOperator write(const Add& op) {
  if (op.num_inputs == 2) return {"elemwise_add", {}};
  return {"add_n", {{"num_args", text(int64_t{op.num_inputs})}}};
}

WrittenOperator write(const Concat& op) {
  return {"Concat", {{"dim", "1"}, {"num_args", text(int64_t{op.num_inputs})}}};
}

WrittenOperator write(const Dropout& op) {
  WrittenOperator written = {"Dropout", {{"p", text(op.p)}}, 2};
  if (op.whole) written.attributes.emplace_back("axes", "(1, 2, 3)");
  return written;
}

// What MXNet lacks (the focal loss, smoothing of a sigmoid's labels, weights of samples) changes
// the training alone, so the file holds the operator that gives the same answers.
WrittenOperator write(const LogisticOutput& op) {
  WrittenOperator written = {"LogisticRegressionOutput", {}};
  if (op.grad_scale != 1) written.attributes.emplace_back("grad_scale", text(op.grad_scale));
  return written;
}

WrittenOperator write(const SoftmaxOutput& op) {
  const SoftmaxOutput defaults;
  WrittenOperator written = {"SoftmaxOutput", {}};
  const auto add = [&](const char* key, bool differs, std::string value) {
    if (differs) written.attributes.emplace_back(key, std::move(value));
  };
  const bool batch = op.normalization == LossNormalization::kBatch;
  add("grad_scale", op.grad_scale != defaults.grad_scale, text(op.grad_scale));
  add("ignore_label", op.ignore_label != defaults.ignore_label, text(op.ignore_label));
  add("normalization", op.normalization != defaults.normalization, batch ? "batch" : "valid");
  add("smooth_alpha", op.smooth_alpha != defaults.smooth_alpha, text(op.smooth_alpha));
  add("use_ignore", op.use_ignore, text(true));
  return written;
}

}  // namespace

WrittenOperator write_operator(const Op& op) {
  return std::visit([](const auto& attributes) { return write(attributes); }, op);
}

}  // namespace orthrus::mxnet
