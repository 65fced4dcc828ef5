#include "base/options_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/options_sample.h"

namespace orthrus {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

CommandText sample_command() {
  return {.name = "orthrus sample",
          .summary = "Does something.",
          .syntax = {.positionals = {{.name = "MODEL", .help = "A model.", .required = true},
                                     {.name = "IMAGE", .help = "Pictures.", .repeated = true}},
                     .takes_config = true},
          .examples = {"orthrus sample model a.jpg"}};
}

TEST(HelpText, ShowsUsageExamplesGroupsAndDefaults) {
  const std::string help = help_text(sample_command(), sample_table(), 80);
  EXPECT_TRUE(help.starts_with(
      "Usage: orthrus sample [CONFIG.toml] MODEL [IMAGE...] [options]\n\nDoes something.\n"));
  EXPECT_LT(help.find("Examples:"), help.find("Arguments:"));
  EXPECT_LT(help.find("Arguments:"), help.find("Optimizer:"));
  EXPECT_THAT(help,
              HasSubstr("  --lr X                      Learning rate. (at least 0) [0.001]\n"));
  EXPECT_THAT(help, HasSubstr("--num-epoch, --epochs N"));
  EXPECT_THAT(help, HasSubstr("--precision f32|bf16|auto"));
  EXPECT_THAT(help, HasSubstr("--set epoch=N"));
  EXPECT_THAT(help, HasSubstr("--no-bar"));
  EXPECT_THAT(help, Not(HasSubstr("old-epochs")));
}

TEST(HelpText, KeepsToTheWidth) {
  OptionTable table;
  std::string help;
  for (int i = 0; i < 40; ++i) help += "word ";
  table.add({.key = "a", .flag = "--a", .help = help});
  std::istringstream lines(help_text(sample_command(), table, 60));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 70U) << line;
}

TEST(OptionsMarkdown, HasOneRowPerOption) {
  const std::string page = options_markdown(sample_command(), sample_table());
  EXPECT_THAT(page, HasSubstr("## orthrus sample\n"));
  EXPECT_THAT(page,
              HasSubstr("| `--lr X` | `optimizer.lr` | `0.001` | at least 0 | Learning rate. |\n"));
  EXPECT_THAT(page, HasSubstr("`--precision f32\\|bf16\\|auto`"));
}

}  // namespace
}  // namespace orthrus
