#include "formats/mxnet/checkpoint.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "formats/mxnet/params.h"
#include "formats/testing.h"

namespace orthrus::mxnet {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::golden;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::refusal_of;

TEST(Checkpoint, Paths) {
  EXPECT_EQ(symbol_path("a/b"), "a/b-symbol.json");
  EXPECT_EQ(params_path("a/b", 7), "a/b-0007.params");
  EXPECT_EQ(params_path("a/b", 12345), "a/b-12345.params");
}

TEST(Checkpoint, EpochsAreFoundByName) {
  const TemporaryFolder folder;
  for (const char* name :
       {"net-0005.params", "net-0000.params", "net-12345.params", "net-0003.params", "net-3.params",
        "net-00007.params", "net-x001.params", "net-0009.states", "net-0008.params.tmp-1",
        "net-2-0001.params", "other-0004.params"}) {
    write_file(folder / name, std::string_view("x"));
  }
  EXPECT_THAT(saved_epochs(folder / "net"), ElementsAre(0, 3, 5, 12345));
  EXPECT_THAT(saved_epochs(folder / "nothing"), IsEmpty());
  EXPECT_THAT(saved_epochs("/nowhere/at/all"), IsEmpty());
}

TEST(Checkpoint, LoadsTheGoldenNetworks) {
  for (const char* name : {"preact", "plain", "v1", "preact-nonsquare"}) {
    const Checkpoint checkpoint = load_checkpoint(golden(name), 0);
    for (const VariableRole role : {VariableRole::kParameter, VariableRole::kAuxiliary}) {
      for (const int id : checkpoint.graph.variables(role)) {
        const std::string& variable = checkpoint.graph.node(id).name;
        ASSERT_TRUE(checkpoint.parameters.contains(variable)) << name << " " << variable;
      }
    }
  }
}

TEST(Checkpoint, HalfPrecisionIsWidened) {
  const TemporaryFolder folder;
  write_file(symbol_path(folder / "half"), read_file(golden("preact-symbol.json")));
  write_file(params_path(folder / "half", 0), read_file(golden("preact-f16-0000.params")));
  for (const auto& [name, tensor] : load_checkpoint(folder / "half", 0).parameters) {
    EXPECT_EQ(tensor.dtype(), DType::kF32) << name;
  }
}

TEST(Checkpoint, SavingAndLoadingGivesTheSame) {
  const TemporaryFolder folder;
  Checkpoint original = load_checkpoint(golden("v1"), 0);
  original.parameters.emplace("not_in_the_network", Tensor::zeros({3}));
  save_checkpoint(folder / "net", 12, original.graph, original.parameters);
  EXPECT_THAT(folder.names(), ElementsAre("net-0012.params", "net-symbol.json"));
  const NamedTensors stored = read_params(folder / "net-0012.params");
  EXPECT_TRUE(stored.contains("aux:bn0_moving_mean"));
  EXPECT_TRUE(stored.contains("arg:bn0_gamma"));

  const Checkpoint copy = load_checkpoint(folder / "net", 12);
  EXPECT_EQ(testing::listing(copy.graph), testing::listing(original.graph));
  EXPECT_EQ(copy.parameters.size() + 1, original.parameters.size());
  for (const auto& [name, tensor] : copy.parameters) {
    EXPECT_TRUE(std::ranges::equal(tensor.bytes(), original.parameters.at(name).bytes())) << name;
  }
}

TEST(Checkpoint, AMissingValueIsNotSaved) {
  const TemporaryFolder folder;
  Checkpoint checkpoint = load_checkpoint(golden("v1"), 0);
  checkpoint.parameters.erase("bn0_gamma");
  EXPECT_THAT(refusal_of([&] {
                save_checkpoint(folder / "net", 0, checkpoint.graph, checkpoint.parameters);
              }),
              HasSubstr("the network's parameter 'bn0_gamma' has no value to save"));
  EXPECT_THAT(folder.names(), IsEmpty());
}

TEST(Checkpoint, AMissingEpochListsTheOthers) {
  const TemporaryFolder folder;
  write_file(symbol_path(folder / "net"), read_file(golden("v1-symbol.json")));
  const auto load = [&] { (void)load_checkpoint(folder / "net", 7); };
  EXPECT_THAT(refusal_of(load), AllOf(HasSubstr("no such epoch: 7"), HasSubstr("net-0007.params"),
                                      HasSubstr("no .params file of this prefix at all")));
  for (const int epoch : {5, 0, 3})
    write_file(params_path(folder / "net", epoch), std::string_view());
  EXPECT_THAT(refusal_of(load), HasSubstr("| there are: 0, 3, 5"));
}

TEST(Checkpoint, AMissingSymbolIsNamed) {
  EXPECT_THAT(refusal_of([] { (void)load_checkpoint("/nowhere/net", 0); }),
              HasSubstr("/nowhere/net-symbol.json"));
}

TEST(Checkpoint, NamesMustSayWhatTheyAre) {
  const TemporaryFolder folder;
  write_file(symbol_path(folder / "net"), read_file(golden("v1-symbol.json")));
  const auto load = [&](const NamedTensors& arrays) {
    write_params(params_path(folder / "net", 0), arrays);
    return refusal_of([&] { (void)load_checkpoint(folder / "net", 0); });
  };
  EXPECT_THAT(load({{"conv0.weight", Tensor::zeros({1})}}),
              AllOf(HasSubstr("array 'conv0.weight' starts with neither 'arg:' nor 'aux:'"),
                    HasSubstr("net-0000.params"), HasSubstr("export()")));
  EXPECT_THAT(load({{"arg:a", Tensor::zeros({1})}, {"aux:a", Tensor::zeros({1})}}),
              HasSubstr("'a' is there both as 'arg:' and as 'aux:'"));
}

}  // namespace
}  // namespace orthrus::mxnet
