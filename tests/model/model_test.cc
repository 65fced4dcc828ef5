#include "model/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "model/label_check.h"
#include "model/networks.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::refusal_of;
using testing::small_network;
using testing::small_pictures;

std::string refusal(const LoadedNetwork& network) {
  return refusal_of([&] {
    (void)assemble_model(network.graph, network.parameters, small_pictures(), "small, epoch 0");
  });
}

TEST(AssembleModel, FindsTasksAndDropsWhatIsNotNeeded) {
  LoadedNetwork network = small_network();
  network.parameters["old_weight"] = Tensor::zeros({1});
  const Model model = assemble_model(network.graph, network.parameters, small_pictures(), "small");
  ASSERT_EQ(model.tasks.size(), 1U);
  EXPECT_EQ(model.tasks[0].head, "fc1");
  EXPECT_EQ(model.tasks[0].classes, 10);
  EXPECT_EQ(model.parameters.size(), 4U);
}

TEST(AssembleModel, NamesMissingAndMisshapenParameters) {
  LoadedNetwork missing = small_network();
  missing.parameters.erase("fc1_bias");
  EXPECT_THAT(refusal(missing),
              HasSubstr("small, epoch 0: 1 parameters of the network are missing: fc1_bias"));
  LoadedNetwork misshapen = small_network();
  misshapen.parameters["fc1_bias"] = Tensor::zeros({9});
  EXPECT_THAT(refusal(misshapen),
              HasSubstr("'fc1_bias' has the shape (9), the network needs (10)"));
}

TEST(PictureInput, MustBeTheOnlyOne) {
  Graph graph;
  graph.add_variable("left", VariableRole::kInput);
  graph.add_variable("right", VariableRole::kInput);
  EXPECT_THAT(refusal_of([&] { (void)picture_input(graph); }), HasSubstr("left, right"));
}

TEST(NameClasses, GoToTheFirstTaskOfThatSize) {
  std::vector<Task> tasks = classic_tasks(3);
  name_classes(tasks, {"a", "b", "c"});
  name_classes(tasks, {"no", "yes"});
  EXPECT_THAT(tasks[0].class_names, ElementsAre("a", "b", "c"));
  EXPECT_THAT(tasks[1].class_names, ElementsAre("no", "yes"));
  EXPECT_THAT(refusal_of([&] { name_classes(tasks, {"one"}); }),
              HasSubstr("1 class names, but no task has as many classes"));
}

TEST(NameClasses, AWrongCountIsOfTheTaskThatIsNotDerived) {
  std::vector<Task> tasks = classic_tasks(3);
  const std::string refusal = refusal_of([&] { name_classes(tasks, {"no", "yes"}, "c.txt"); });
  EXPECT_THAT(refusal, HasSubstr("c.txt: 2 class names, but no task has as many classes ('softmax' "
                                 "has 3)"));
}

TEST(CheckLabels, ListsTheFirstTenAndTheRestsNumber) {
  ImageList list;
  list.origin = "some.lst";
  list.label_columns = 1;
  for (int line = 1; line <= 14; ++line) {
    list.entries.push_back(
        {.index = line, .labels = {line <= 2 ? 1.0F : 9.0F}, .path = "x.jpg", .line = line});
  }
  const std::string refused =
      refusal_of([&] { check_labels(*make_file_pictures(list, ""), classic_tasks(4)); });
  EXPECT_THAT(refused, AllOf(HasSubstr("some.lst:3: label 9"), HasSubstr("some.lst:12:"),
                             Not(HasSubstr("some.lst:13:")), HasSubstr("and 2 more")));
  list.entries.truncate(2);
  list.entries.set_label(1, 0, NAN);
  EXPECT_NO_THROW(check_labels(*make_file_pictures(list, ""), classic_tasks(4)));
}

}  // namespace
}  // namespace orthrus
