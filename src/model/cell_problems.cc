#include "model/cell_problems.h"

#include "base/error.h"
#include "data/text_lines.h"

namespace orthrus {

void CellProblems::add(size_t place, const CellProblem& problem) {
  constexpr size_t kMostProblems = 10;
  if (++count_ > kMostProblems) return;
  const ImageList& list = pictures_.list();
  const LabelColumn& column = list.columns[place];
  if (column.is_folder) {
    listed_.push_back(fmt::format("{}: folder {}", list.origin.string(), problem.text));
  } else {
    listed_.push_back(fmt::format("{}: column '{}': {}", first_place(place, problem.cell),
                                  shown(column.name), problem.text));
  }
  if (hint_.empty()) hint_ = problem.hint;
}

// "train.csv:17".
std::string CellProblems::first_place(size_t place, size_t cell) const {
  const ImageList& list = pictures_.list();
  for (size_t i = 0; i < list.entries.size(); ++i) {
    if (list.entries[i].labels[place] != static_cast<float>(cell)) continue;
    const std::string where = pictures_.place_in_list(i);
    return where.empty() ? pictures_.name(i) : where;
  }
  return list.origin.string();
}

void CellProblems::throw_if_any(const std::string& more) const {
  if (count_ == 0) return;
  std::vector<std::string> lines = listed_;
  if (count_ > lines.size()) lines.push_back(fmt::format("and {} more", count_ - lines.size()));
  const std::string separator = hint_.empty() || more.empty() ? "" : "; ";
  throw input_error("{}", fmt::join(lines, "\n")).with_hint(hint_ + separator + more);
}

}  // namespace orthrus
