// The subcommands, one file each; main.cc puts them in order.
#pragma once

#include "cli/command.h"

namespace orthrus {

[[nodiscard]] Command make_train_command();
[[nodiscard]] Command make_runs_command();
[[nodiscard]] Command make_recipes_command();
[[nodiscard]] Command make_lr_find_command();
[[nodiscard]] Command make_tune_command();
[[nodiscard]] Command make_soup_command();
[[nodiscard]] Command make_evaluate_command();
[[nodiscard]] Command make_predict_command();
[[nodiscard]] Command make_tasks_command();
[[nodiscard]] Command make_check_command();
[[nodiscard]] Command make_list_command();
[[nodiscard]] Command make_pack_command();
[[nodiscard]] Command make_bench_command();
[[nodiscard]] Command make_doctor_command();
[[nodiscard]] Command make_demo_data_command();
[[nodiscard]] Command make_options_page_command();

}  // namespace orthrus
