#include "cli/evaluate_files.h"

#include <fmt/format.h>

#include <set>

#include "base/file.h"
#include "data/csv.h"

namespace orthrus {
namespace {

// The ends of the names of a task's files.
constexpr const char* kConfusion = ".confusion.csv";
constexpr const char* kMistakes = ".mistakes.csv";
constexpr const char* kSuspects = ".suspects.csv";

std::string confusion_csv(const Task& task, const TaskReport& report) {
  std::set<int64_t> occurring;
  for (const auto& [place, count] : report.confusion) {
    occurring.insert(place.first);
    occurring.insert(place.second);
  }
  std::string text = "label";
  for (const int64_t answer : occurring) text += ',' + csv_field(task.class_name(answer));
  text += '\n';
  for (const int64_t label : occurring) {
    text += csv_field(task.class_name(label));
    for (const int64_t answer : occurring) {
      const auto found = report.confusion.find({label, answer});
      text += fmt::format(",{}", found == report.confusion.end() ? 0 : found->second);
    }
    text += '\n';
  }
  return text;
}

std::string mistakes_csv(const Task& task, const ImageList& list,
                         const std::vector<Mistake>& mistakes) {
  const bool multilabel = task.kind == TaskKind::kMultilabel;
  const auto name = [&](int64_t answer) {
    if (multilabel) return std::string(answer == 1 ? "yes" : "no");
    return csv_field(task.class_name(answer));
  };
  std::string text = multilabel ? "path,class,label,answer,label_probability,answer_probability\n"
                                : "path,label,answer,label_probability,answer_probability\n";
  for (const Mistake& mistake : mistakes) {
    text += csv_field(list.entries[static_cast<size_t>(mistake.position)].path) + ',';
    if (multilabel) text += csv_field(task.class_name(mistake.question)) + ',';
    text += fmt::format("{},{},{:.6f},{:.6f}\n", name(mistake.label), name(mistake.answer),
                        mistake.label_probability, mistake.answer_probability);
  }
  return text;
}

}  // namespace

void check_evaluation_files(const std::filesystem::path& folder, const std::vector<Task>& tasks) {
  check_writable_folder(folder);
  check_replaceable(folder / "figures.json");
  for (const Task& task : tasks) {
    for (const char* what : {kConfusion, kMistakes, kSuspects}) {
      check_replaceable(folder / (task.name + what));
    }
  }
}

void write_evaluation(const std::filesystem::path& folder, const std::string& json,
                      const ImageList& list, const std::vector<Task>& tasks,
                      const std::vector<TaskReport>& reports,
                      const std::vector<MistakeCollector>& mistakes) {
  make_directories(folder);
  write_file(folder / "figures.json", json);
  for (size_t i = 0; i < tasks.size(); ++i) {
    const auto path = [&](const char* what) { return folder / (tasks[i].name + what); };
    if (tasks[i].kind != TaskKind::kMultilabel) {
      write_file(path(kConfusion), confusion_csv(tasks[i], reports[i]));
    }
    write_file(path(kMistakes), mistakes_csv(tasks[i], list, mistakes[i].worst()));
    write_file(path(kSuspects), mistakes_csv(tasks[i], list, mistakes[i].suspects()));
  }
}

}  // namespace orthrus
