#include "exec/plan.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "exec/network.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using testing::expect_close;
using testing::fill;
using testing::Gradients;
using testing::gradients_of;
using ::testing::HasSubstr;
using testing::Network;
using testing::refusal_of;
using testing::run_once;

TEST(Plan, GivesTheReferenceGradientsOnEveryVersionOfNetwork) {
  for (const ResnetVersion version : {ResnetVersion::kV1, ResnetVersion::kV2}) {
    const Network network(version);
    const std::unique_ptr<Backend> ref = make_ref_backend(), cpu = make_cpu_backend();
    const Gradients wanted = gradients_of(network, *ref), got = gradients_of(network, *cpu);
    expect_close(got.probabilities, wanted.probabilities, "softmax");
    ASSERT_EQ(got.by_name.size(), wanted.by_name.size());
    for (const auto& [name, values] : wanted.by_name)
      expect_close(got.by_name.at(name), values, name);
  }
}

TEST(Plan, TooLittleMemoryIsRefusedWithTheBatchThatFits) {
  const Network network;  // batches of 4
  const std::unique_ptr<Backend> cpu = make_cpu_backend();
  const PlanMemory memory = Plan(network.graph, network.shapes, *cpu, {.training = true}).memory();
  const auto plan_within = [&](size_t bytes) {
    return [&, bytes] {
      Plan(network.graph, network.shapes, *cpu, {.training = true, .memory_limit_bytes = bytes});
    };
  };
  EXPECT_NO_THROW(plan_within(memory.persistent_bytes + memory.arena_bytes)());
  const size_t all = memory.persistent_bytes + memory.arena_bytes;
  const size_t half = memory.parameter_bytes + (all - memory.parameter_bytes + 1) / 2;
  // How much that is depends on the kernels that the processor has.
  const std::string needs =
      fmt::format("a batch of 4 needs {:.2f} GB of memory", static_cast<double>(all) / 1e9);
  EXPECT_THAT(refusal_of(plan_within(half)),
              AllOf(HasSubstr(needs), HasSubstr("--batch-size 2 would fit")));
  EXPECT_THAT(refusal_of(plan_within(memory.parameter_bytes)),
              HasSubstr("a smaller network or --precision bf16"));
}

TEST(Plan, TellsWhatFillsTheArena) {
  const Network network;
  const std::unique_ptr<Backend> cpu = make_cpu_backend();
  const Plan plan(network.graph, network.shapes, *cpu, {.training = true});
  const std::vector<BufferInfo> buffers = plan.fullest_step_buffers();
  size_t sum = 0;
  for (const BufferInfo& buffer : buffers) {
    sum += buffer.size_bytes;
    EXPECT_LE(buffer.first_step, buffer.last_step) << buffer.name;
  }
  EXPECT_LE(sum, plan.memory().lower_bound_bytes);
  EXPECT_GE(sum + 64 * buffers.size(), plan.memory().lower_bound_bytes);
}

TEST(Plan, RecomputingChangesNoByteAndSavesMemory) {
  for (const ResnetVersion version : {ResnetVersion::kV1, ResnetVersion::kV2}) {
    const Network network(version);
    const std::unique_ptr<Backend> cpu = make_cpu_backend();
    const Gradients kept = gradients_of(network, *cpu, {.memory = MemoryMode::kFast});
    size_t before =
        Plan(network.graph, network.shapes, *cpu, {.training = true, .memory = MemoryMode::kFast})
            .memory()
            .lower_bound_bytes;
    for (const MemoryMode mode : {MemoryMode::kAuto, MemoryMode::kLean}) {
      const Gradients rebuilt = gradients_of(network, *cpu, {.memory = mode});
      EXPECT_EQ(kept.by_name, rebuilt.by_name);
      EXPECT_EQ(kept.probabilities, rebuilt.probabilities);
      const Plan plan(network.graph, network.shapes, *cpu, {.training = true, .memory = mode});
      EXPECT_LT(plan.memory().lower_bound_bytes, before);
      before = plan.memory().lower_bound_bytes;
    }
  }
}

TEST(Plan, LeanComputesConvolutionsAgain) {
  const Network network;
  const std::unique_ptr<Backend> cpu = make_cpu_backend();
  const auto rebuilt = [&](MemoryMode mode) {
    const Plan plan(network.graph, network.shapes, *cpu, {.training = true, .memory = mode});
    return std::ranges::count_if(plan.listing(), [](const StepInfo& line) {
      return line.op == "Convolution" && line.step == "rebuild";
    });
  };
  EXPECT_EQ(rebuilt(MemoryMode::kAuto), 0);
  EXPECT_GT(rebuilt(MemoryMode::kLean), 0);
}

TEST(Plan, GoesBackNoFurtherThanTheLowestTrainableParameter) {
  const Network network;
  const std::unique_ptr<Backend> cpu = make_cpu_backend();
  const auto steps_back = [&](auto trainable) {
    Plan plan(network.graph, network.shapes, *cpu, {.training = true, .trainable = trainable});
    std::vector<std::string> layers;
    for (const StepInfo& step : plan.listing()) {
      if (step.step.starts_with("backward")) layers.push_back(step.layer + ":" + step.step);
    }
    return layers;
  };
  const auto head = steps_back([](std::string_view name) { return name.starts_with("fc"); });
  EXPECT_THAT(head, ::testing::Each(AllOf(::testing::Not(HasSubstr("conv")),
                                          ::testing::Not(HasSubstr("backward_data")))));
  const auto nothing = steps_back([](std::string_view) { return false; });
  EXPECT_TRUE(nothing.empty());
  EXPECT_GT(steps_back([](std::string_view) { return true; }).size(), head.size());
}

TEST(Plan, GivesFrozenParametersNoGradient) {
  const Network network;
  const std::unique_ptr<Backend> cpu = make_cpu_backend();
  const auto is_weight = [](std::string_view name) { return name.ends_with("_weight"); };
  const Gradients all = gradients_of(network, *cpu);
  const Gradients weights = gradients_of(network, *cpu, {.trainable = is_weight});
  EXPECT_LT(weights.by_name.size(), all.by_name.size());
  for (const auto& [name, values] : weights.by_name) {
    EXPECT_TRUE(is_weight(name)) << name;
    expect_close(values, all.by_name.at(name), name);
  }
}

TEST(Plan, KeepsWhatIsAskedForAndKnowsWhatIsNot) {
  const Network network;
  const std::unique_ptr<Backend> cpu = make_cpu_backend();
  const std::string layer = network.graph.node(network.graph.outputs()[0].node).name;
  Plan plan(network.graph, network.shapes, *cpu, {.keep = {layer}});
  plan.load_parameters(network.parameters);
  fill(plan);
  plan.forward({});
  EXPECT_EQ(plan.kept(layer)[0], plan.output(0)[0]);
  EXPECT_THAT(refusal_of([&] { Plan(network.graph, network.shapes, *cpu, {.keep = {"pool9"}}); }),
              HasSubstr("'pool9'"));
}

TEST(Plan, NamesAllMissingParametersAndTheShapeOfAWrongOne) {
  Network network;
  const std::unique_ptr<Backend> cpu = make_cpu_backend();
  Plan plan(network.graph, network.shapes, *cpu, {});
  NamedTensors few = network.parameters;
  few.erase("fc1_bias");
  few.erase("fc1_weight");
  EXPECT_THAT(refusal_of([&] { plan.load_parameters(few); }),
              AllOf(HasSubstr("fc1_weight"), HasSubstr("fc1_bias")));
  NamedTensors wrong = network.parameters;
  wrong["fc1_bias"] = Tensor::zeros({7});
  EXPECT_THAT(refusal_of([&] { plan.load_parameters(wrong); }),
              HasSubstr("fc1_bias: got (7), expected (5)"));
}

TEST(Plan, GivesParametersBackAsTheyCame) {
  const Network network;
  const std::unique_ptr<Backend> cpu = make_cpu_backend();
  Plan plan(network.graph, network.shapes, *cpu, {.training = true});
  plan.load_parameters(network.parameters);
  NamedTensors back;
  plan.store_parameters(back);
  ASSERT_EQ(back.size(), network.parameters.size());
  for (const auto& [name, tensor] : network.parameters) {
    EXPECT_TRUE(std::ranges::equal(back.at(name).bytes(), tensor.bytes())) << name;
  }
}

TEST(Plan, SaysWhereNumbersStopBeingFinite) {
  Network network;
  const std::unique_ptr<Backend> cpu = make_cpu_backend();
  Plan plan(network.graph, network.shapes, *cpu, {});
  plan.load_parameters(network.parameters);
  fill(plan);
  EXPECT_EQ(plan.find_non_finite({}), "");
  network.parameters["fc1_weight"] = network.parameters["fc1_weight"].clone();
  network.parameters["fc1_weight"].data()[3] = std::numeric_limits<float>::quiet_NaN();
  plan.load_parameters(network.parameters);
  EXPECT_EQ(plan.find_non_finite({}), "fc1_weight");
}

TEST(Plan, HasOneIdentityPerSetOfKernelsAndLayouts) {
  const Network network, other(ResnetVersion::kV2);
  const std::unique_ptr<Backend> cpu = make_cpu_backend(),
                                 exact = make_cpu_backend({.winograd = false});
  const auto hash = [](const Network& of, Backend& backend) {
    return Plan(of.graph, of.shapes, backend, {.training = true}).hash();
  };
  const auto chosen = [&](Backend& backend) {
    const Plan plan(network.graph, network.shapes, backend, {.training = true});
    std::vector<std::string> steps;
    for (const StepInfo& step : plan.listing()) steps.push_back(step.implementation + step.layouts);
    return steps;
  };
  EXPECT_EQ(hash(network, *cpu), hash(network, *cpu));
  EXPECT_NE(hash(network, *cpu), hash(other, *cpu));
  // oneDNN has Winograd's convolutions for AVX-512 alone: elsewhere the kernels are the same.
  EXPECT_EQ(hash(network, *cpu) == hash(network, *exact), chosen(*cpu) == chosen(*exact));
}

TEST(Plan, MeasuresEveryStep) {
  const Network network;
  const std::unique_ptr<Backend> cpu = make_cpu_backend();
  Plan plan(network.graph, network.shapes, *cpu, {.training = true});
  plan.load_parameters(network.parameters);
  std::vector<double> seconds;
  plan.measure_steps(&seconds);
  run_once(plan);
  ASSERT_EQ(seconds.size(), plan.listing().size());
  for (const double step : seconds) EXPECT_GT(step, 0);
}

}  // namespace
}  // namespace orthrus
