#include "graph/builders/resnet.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/suggest.h"

namespace orthrus {

namespace {

constexpr double kMomentum = 0.9;

// A graph under construction; every function appends one layer with its variables and returns the
// layer's number.
class ResnetBuilder {
 public:
  explicit ResnetBuilder(const ResnetSpec& spec) : spec_(spec) {}

  Graph build(int64_t num_classes) {
    int body = stem(graph_.add_variable("data", VariableRole::kInput));
    for (size_t stage = 0; stage < spec_.units.size(); ++stage) {
      for (int unit = 0; unit < spec_.units[stage]; ++unit) {
        const std::string name = fmt::format("stage{}_unit{}", stage + 1, unit + 1);
        const int64_t stride = unit == 0 && stage > 0 ? 2 : 1;
        const bool project = unit == 0 && has_projection(stage, stride);
        body = spec_.version == ResnetVersion::kV2
                   ? pre_activation_unit(name, body, spec_.widths[stage], stride, project)
                   : post_activation_unit(name, body, spec_.widths[stage], stride, project);
      }
    }
    if (spec_.version == ResnetVersion::kV2) body = relu("relu1", batch_norm("bn1", body));
    classify(body, num_classes);
    return std::move(graph_);
  }

 private:
  // Whether the first unit of a stage has a convolution on its shortcut.
  [[nodiscard]] bool has_projection(size_t stage, int64_t stride) const {
    if (!spec_.lean_shortcuts || stride != 1) return true;
    return spec_.widths[stage] != (stage == 0 ? spec_.stem_width : spec_.widths[stage - 1]);
  }

  int layer(const std::string& name, Op op, std::vector<int> inputs) {
    std::vector<Edge> edges;
    for (const int input : inputs) edges.push_back({input, 0});
    return graph_.add({name, std::move(op), std::move(edges)});
  }
  int parameter(const std::string& name) {
    return graph_.add_variable(name, VariableRole::kParameter);
  }

  int convolution(const std::string& name, int src, int64_t filters, int64_t kernel,
                  int64_t stride) {
    const int64_t pad = kernel / 2;
    return layer(name,
                 Convolution{.num_filter = filters,
                             .kernel = {kernel, kernel},
                             .stride = {stride, stride},
                             .dilate = {1, 1},
                             .pad = {pad, pad},
                             .num_group = 1,
                             .has_bias = false},
                 {src, parameter(name + "_weight")});
  }
  int batch_norm(const std::string& name, int src, bool fix_gamma = false) {
    const int gamma = parameter(name + "_gamma");
    const int beta = parameter(name + "_beta");
    const int mean = graph_.add_variable(name + "_moving_mean", VariableRole::kAuxiliary);
    const int variance = graph_.add_variable(name + "_moving_var", VariableRole::kAuxiliary);
    return layer(name, BatchNorm{.eps = spec_.eps, .momentum = kMomentum, .fix_gamma = fix_gamma},
                 {src, gamma, beta, mean, variance});
  }
  int relu(const std::string& name, int src) {
    return layer(name, Activation{.kind = ActivationKind::kRelu}, {src});
  }
  // Named as MXNet names an addition that was given no name.
  int add(int a, int b) {
    return layer(fmt::format("_plus{}", additions_++), Add{.num_inputs = 2}, {a, b});
  }

  int stem(int data) {
    const bool small = spec_.stem == ResnetStem::kSmall;
    const bool v2 = spec_.version == ResnetVersion::kV2;
    // A BatchNorm without gamma right on the pictures takes the place of mean and deviation.
    if (v2) data = batch_norm("bn_data", data, true);
    if (small) {
      const int body = convolution("conv0", data, spec_.stem_width, 3, 1);
      return v2 ? body : batch_norm("bn0", body);
    }
    const int body = convolution("conv0", data, spec_.stem_width, 7, 2);
    return layer(
        "pooling0",
        Pooling{.kind = PoolingKind::kMax, .kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1}},
        {relu("relu0", batch_norm("bn0", body))});
  }

  // The convolutions of a unit: their kernels, widths and strides.
  struct UnitConvolution {
    int64_t kernel;
    int64_t width;
    int64_t stride;
  };
  [[nodiscard]] std::vector<UnitConvolution> unit_convolutions(int64_t width,
                                                               int64_t stride) const {
    if (!spec_.bottleneck) return {{3, width, stride}, {3, width, 1}};
    const bool early = spec_.version == ResnetVersion::kV1;
    return {{1, width / 4, early ? stride : 1}, {3, width / 4, early ? 1 : stride}, {1, width, 1}};
  }

  int pre_activation_unit(const std::string& name, int data, int64_t width, int64_t stride,
                          bool project) {
    int body = data;
    int first_activation = data;
    int number = 0;
    for (const UnitConvolution& c : unit_convolutions(width, stride)) {
      ++number;
      body = relu(fmt::format("{}_relu{}", name, number),
                  batch_norm(fmt::format("{}_bn{}", name, number), body));
      if (number == 1) first_activation = body;
      body = convolution(fmt::format("{}_conv{}", name, number), body, c.width, c.kernel, c.stride);
    }
    if (!project) return add(body, data);
    return add(body, convolution(name + "_sc", first_activation, width, 1, stride));
  }

  int post_activation_unit(const std::string& name, int data, int64_t width, int64_t stride,
                           bool project) {
    const std::vector<UnitConvolution> convolutions = unit_convolutions(width, stride);
    int body = data;
    for (size_t i = 0; i < convolutions.size(); ++i) {
      const UnitConvolution& c = convolutions[i];
      body = convolution(fmt::format("{}_conv{}", name, i + 1), body, c.width, c.kernel, c.stride);
      body = batch_norm(fmt::format("{}_bn{}", name, i + 1), body);
      if (i + 1 < convolutions.size()) body = relu(fmt::format("{}_relu{}", name, i + 1), body);
    }
    int shortcut = data;
    if (project) {
      shortcut = batch_norm(name + "_sc", convolution(name + "_conv1sc", data, width, 1, stride));
    }
    // relu3 closes units of two convolutions too.
    return relu(name + "_relu3", add(body, shortcut));
  }

  void classify(int body, int64_t num_classes) {
    const int pooled = layer(
        "pool1", Pooling{.kind = PoolingKind::kAverage, .kernel = {7, 7}, .global = true}, {body});
    const int flat = layer("flatten0", Flatten{}, {pooled});
    const int weight = parameter("fc1_weight");
    const int bias = parameter("fc1_bias");
    const int logits =
        layer("fc1", FullyConnected{.num_hidden = num_classes}, {flat, weight, bias});
    const int label = graph_.add_variable("softmax_label", VariableRole::kLabel);
    graph_.set_outputs({{layer("softmax", SoftmaxOutput{}, {logits, label}), 0}});
  }

  const ResnetSpec& spec_;
  Graph graph_;
  int additions_ = 0;
};

struct Depth {
  int layers;
  bool bottleneck;
  std::vector<int> units;
};

std::vector<BuiltinNetwork> make_builtin_networks() {
  const std::vector<Depth> depths = {{18, false, {2, 2, 2, 2}},
                                     {34, false, {3, 4, 6, 3}},
                                     {50, true, {3, 4, 6, 3}},
                                     {101, true, {3, 4, 23, 3}},
                                     {152, true, {3, 8, 36, 3}}};
  const std::vector<std::pair<ResnetVersion, std::string>> versions = {
      {ResnetVersion::kV1, "v1"}, {ResnetVersion::kV1b, "v1b"}, {ResnetVersion::kV2, "v2"}};
  std::vector<BuiltinNetwork> networks;
  for (const auto& [version, suffix] : versions) {
    for (const Depth& depth : depths) {
      std::string_view note = version == ResnetVersion::kV2 ? "pre-activation" : "post-activation";
      if (version == ResnetVersion::kV1b) {
        note = depth.bottleneck ? "post-activation, stride in the 3x3 convolutions"
                                : "post-activation, the same as v1 at this depth";
      }
      networks.push_back(
          {.name = fmt::format("resnet{}_{}", depth.layers, suffix),
           .description = fmt::format("ResNet-{} {}: {}", depth.layers, suffix, note),
           .spec = {.version = version,
                    .stem = ResnetStem::kLarge,
                    .bottleneck = depth.bottleneck,
                    .units = depth.units,
                    .stem_width = 64,
                    .widths = depth.bottleneck ? std::vector<int64_t>{256, 512, 1024, 2048}
                                               : std::vector<int64_t>{64, 128, 256, 512}}});
    }
  }
  for (const int layers : {14, 20, 32, 56}) {
    const int units = (layers - 2) / 6;
    networks.push_back(
        {.name = fmt::format("resnet{}_small", layers),
         .description = fmt::format("ResNet-{} v2 for pictures of 28 or 32 pixels", layers),
         .spec = {.version = ResnetVersion::kV2,
                  .stem = ResnetStem::kSmall,
                  .bottleneck = false,
                  .units = {units, units, units},
                  .stem_width = 16,
                  .widths = {16, 32, 64}}});
  }
  // Zagoruyko and Komodakis 2016 (arXiv:1605.07146): depth and widening factor.
  constexpr std::array<std::pair<int, int>, 3> kWide = {{{16, 2}, {16, 4}, {28, 10}}};
  for (const auto& [layers, factor] : kWide) {
    const int units = (layers - 4) / 6;
    networks.push_back({.name = fmt::format("wrn{}_{}", layers, factor),
                        .description = fmt::format(
                            "Wide ResNet-{}-{} for pictures of 28 or 32 pixels", layers, factor),
                        .spec = {.version = ResnetVersion::kV2,
                                 .stem = ResnetStem::kSmall,
                                 .bottleneck = false,
                                 .units = {units, units, units},
                                 .stem_width = 16,
                                 .widths = {16 * factor, 32 * factor, 64 * factor}}});
  }
  return networks;
}

}  // namespace

Graph build_resnet(const ResnetSpec& spec, int64_t num_classes) {
  if (num_classes < 1) throw usage_error("a network of {} classes cannot be built", num_classes);
  if (spec.units.size() != spec.widths.size()) {
    throw internal_error("a residual network of {} stages has {} widths", spec.units.size(),
                         spec.widths.size());
  }
  return ResnetBuilder(spec).build(num_classes);
}

const std::vector<BuiltinNetwork>& builtin_networks() {
  static const std::vector<BuiltinNetwork> networks = make_builtin_networks();
  return networks;
}

Graph build_network(std::string_view name, int64_t num_classes) {
  const std::vector<BuiltinNetwork>& networks = builtin_networks();
  const auto found = std::ranges::find(networks, name, &BuiltinNetwork::name);
  if (found != networks.end()) return build_resnet(found->spec, num_classes);
  std::vector<std::string> names;
  for (const BuiltinNetwork& network : networks) names.push_back(network.name);
  std::string hint = did_you_mean(name, names);
  if (hint.empty()) hint = fmt::format("built-in networks: {}", fmt::join(names, ", "));
  throw usage_error("there is no built-in network '{}'", name).with_hint(std::move(hint));
}

}  // namespace orthrus
