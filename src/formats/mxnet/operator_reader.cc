#include <algorithm>
#include <array>

#include "formats/mxnet/operators.h"

namespace orthrus::mxnet {

namespace {

Op read_convolution(Attributes& attributes, int) {
  Convolution op;
  op.num_filter = attributes.integer("num_filter", 1);
  op.kernel = attributes.pair("kernel", 1);
  op.stride = attributes.pair("stride", 1, op.stride);
  op.dilate = attributes.pair("dilate", 1, op.dilate);
  op.pad = attributes.pair("pad", 0, op.pad);
  op.num_group = attributes.integer("num_group", 1, op.num_group);
  op.has_bias = !attributes.flag("no_bias", false);
  attributes.only("layout", {"NCHW", "None"});
  attributes.ignore({"workspace", "cudnn_tune", "cudnn_off"});
  return op;
}

Op read_batch_norm(Attributes& attributes, int) {
  BatchNorm op;
  op.eps = attributes.number("eps", op.eps);
  op.momentum = attributes.number("momentum", op.momentum);
  op.fix_gamma = attributes.flag("fix_gamma", op.fix_gamma);
  op.use_global_stats = attributes.flag("use_global_stats", op.use_global_stats);
  attributes.only("axis", {"1"});
  attributes.ignore({"output_mean_var", "cudnn_off", "min_calib_range", "max_calib_range"});
  return op;
}

Op read_activation(Attributes& attributes, int) {
  return Activation{attributes.choice<ActivationKind>("act_type", "(missing)",
                                                      {{"relu", ActivationKind::kRelu},
                                                       {"sigmoid", ActivationKind::kSigmoid},
                                                       {"tanh", ActivationKind::kTanh},
                                                       {"softrelu", ActivationKind::kSoftrelu},
                                                       {"softsign", ActivationKind::kSoftsign}})};
}

Op read_leaky_relu(Attributes& attributes, int) {
  LeakyRelu op;
  op.kind = attributes.choice<LeakyKind>(
      "act_type", "leaky",
      {{"leaky", LeakyKind::kLeaky}, {"prelu", LeakyKind::kPrelu}, {"elu", LeakyKind::kElu}});
  op.slope = attributes.number("slope", op.slope);
  attributes.ignore({"lower_bound", "upper_bound"});  // of act_type rrelu alone
  return op;
}

Op read_pooling(Attributes& attributes, int) {
  Pooling op;
  op.kind = attributes.choice<PoolingKind>(
      "pool_type", "max",
      {{"max", PoolingKind::kMax}, {"avg", PoolingKind::kAverage}, {"sum", PoolingKind::kSum}});
  // MXNet 1.9.1 takes "same" in one dimension only.
  op.convention = attributes.choice<PoolingConvention>(
      "pooling_convention", "valid",
      {{"valid", PoolingConvention::kValid}, {"full", PoolingConvention::kFull}});
  op.global = attributes.flag("global_pool", op.global);
  op.kernel = op.global ? attributes.pair("kernel", 1, op.kernel) : attributes.pair("kernel", 1);
  op.stride = attributes.pair("stride", 1, op.stride);
  op.pad = attributes.pair("pad", 0, op.pad);
  op.count_include_pad = attributes.flag("count_include_pad", op.count_include_pad);
  attributes.only("layout", {"NCHW", "None"});
  attributes.ignore({"cudnn_off", "p_value"});
  return op;
}

// The first Pooling pads with zeros (so a maximum is never below them at the border), and rounds
// and divides in a way of its own under "full" (MXNet 1.9.1 src/operator/pooling_v1-inl.h).
Op read_pooling_v1(Attributes& attributes, int num_inputs) {
  const Pooling op = std::get<Pooling>(read_pooling(attributes, num_inputs));
  if (op.global) return op;
  if (op.convention != PoolingConvention::kValid) {
    throw input_error("pooling_convention = full is not supported for Pooling_v1");
  }
  if (op.kind == PoolingKind::kMax && op.pad != Pair{0, 0}) {
    throw input_error("pool_type = max with a padding is not supported for Pooling_v1");
  }
  return op;
}

Op read_fully_connected(Attributes& attributes, int) {
  FullyConnected op;
  op.num_hidden = attributes.integer("num_hidden", 1);
  op.has_bias = !attributes.flag("no_bias", false);
  attributes.only("flatten", {"True", "true", "1"});
  return op;
}

Op read_flatten(Attributes&, int) {
  return Flatten{};
}

Op read_add(Attributes&, int) {
  return Add{2};
}

// An operator that takes any number of inputs states how many.
int read_num_args(Attributes& attributes, int num_inputs) {
  const int64_t num_args = attributes.integer("num_args", 1, num_inputs);
  if (num_args != num_inputs || num_inputs < 1) {
    throw input_error("the attribute num_args is {}, but there are {} inputs", num_args,
                      num_inputs);
  }
  return num_inputs;
}

Op read_add_n(Attributes& attributes, int num_inputs) {
  return Add{read_num_args(attributes, num_inputs)};
}

Op read_concat(Attributes& attributes, int num_inputs) {
  attributes.only("dim", {"1"});
  return Concat{read_num_args(attributes, num_inputs)};
}

Op read_dropout(Attributes& attributes, int) {
  Dropout op;
  op.p = attributes.number("p", op.p);
  if (op.p < 0 || op.p >= 1) throw input_error("the attribute p is {}, expected 0 <= p < 1", op.p);
  attributes.only("mode", {"training"});
  op.whole = attributes.choice<bool>(
      "axes", "()",
      {{"()", false}, {"[]", false}, {"None", false}, {"(1, 2, 3)", true}, {"[1, 2, 3]", true}});
  attributes.ignore({"cudnn_off"});
  return op;
}

Op read_softmax_output(Attributes& attributes, int) {
  SoftmaxOutput op;
  op.grad_scale = attributes.number("grad_scale", op.grad_scale);
  op.ignore_label = attributes.number("ignore_label", op.ignore_label);
  op.use_ignore = attributes.flag("use_ignore", op.use_ignore);
  op.normalization = attributes.choice<LossNormalization>("normalization", "null",
                                                          {{"null", LossNormalization::kNull},
                                                           {"batch", LossNormalization::kBatch},
                                                           {"valid", LossNormalization::kValid}});
  op.smooth_alpha = attributes.number("smooth_alpha", op.smooth_alpha);
  for (const std::string_view key : {"multi_output", "preserve_shape", "out_grad"}) {
    attributes.only(key, {"False", "false", "0"});
  }
  return op;
}

Op read_logistic_output(Attributes& attributes, int) {
  LogisticOutput op;
  op.grad_scale = attributes.number("grad_scale", op.grad_scale);
  return op;
}

struct KnownOperator {
  std::string_view name;
  Op (*read)(Attributes& attributes, int num_inputs);
};
constexpr std::array kKnownOperators = {
    KnownOperator{"Convolution", read_convolution},
    KnownOperator{"Convolution_v1", read_convolution},
    KnownOperator{"BatchNorm", read_batch_norm},
    KnownOperator{"BatchNorm_v1", read_batch_norm},
    KnownOperator{"Activation", read_activation},
    KnownOperator{"LeakyReLU", read_leaky_relu},
    KnownOperator{"Pooling", read_pooling},
    KnownOperator{"Pooling_v1", read_pooling_v1},
    KnownOperator{"FullyConnected", read_fully_connected},
    KnownOperator{"Flatten", read_flatten},
    KnownOperator{"flatten", read_flatten},
    KnownOperator{"elemwise_add", read_add},
    KnownOperator{"_add", read_add},
    KnownOperator{"_plus", read_add},
    KnownOperator{"_Plus", read_add},
    KnownOperator{"broadcast_add", read_add},
    KnownOperator{"broadcast_plus", read_add},
    KnownOperator{"add_n", read_add_n},
    KnownOperator{"ElementWiseSum", read_add_n},
    KnownOperator{"Concat", read_concat},
    KnownOperator{"concat", read_concat},
    KnownOperator{"Dropout", read_dropout},
    KnownOperator{"LogisticRegressionOutput", read_logistic_output},
    KnownOperator{"SoftmaxOutput", read_softmax_output},
    KnownOperator{"Softmax", read_softmax_output},  // its name before 2015
};

}  // namespace

bool is_known_operator(std::string_view name) {
  return std::ranges::find(kKnownOperators, name, &KnownOperator::name) != kKnownOperators.end();
}

bool is_identity(std::string_view name) {
  return name == "identity" || name == "_copy";
}

Op read_operator(std::string_view name, AttributeMap values, int num_inputs) {
  const auto* known = std::ranges::find(kKnownOperators, name, &KnownOperator::name);
  if (known == kKnownOperators.end()) throw internal_error("unknown operator '{}'", name);
  Attributes attributes(std::move(values));
  const Op op = known->read(attributes, num_inputs);
  attributes.finish();
  return op;
}

VariableRole input_role(const Op& op, int index) {
  if (index == 0 || std::holds_alternative<Add>(op) || std::holds_alternative<Concat>(op)) {
    return VariableRole::kInput;
  }
  if (is_loss(op)) {
    return index == 1 ? VariableRole::kLabel : VariableRole::kSampleWeight;
  }
  if (std::holds_alternative<BatchNorm>(op) && index >= 3) return VariableRole::kAuxiliary;
  return VariableRole::kParameter;
}

}  // namespace orthrus::mxnet
