// Cells of a list's columns that no label can be made of, collected for one message.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data/pictures.h"
#include "tasks/cells.h"

namespace orthrus {

class CellProblems {
 public:
  explicit CellProblems(const Pictures& pictures) : pictures_(pictures) {}  // must outlive it

  // Of a cell of the list's column at `place`.
  void add(size_t place, const CellProblem& problem);
  // Throws kInput with the first ten, each with the place of the first entry that has the cell, and
  // their number; the hint is that of the first one and `more`.
  void throw_if_any(const std::string& more) const;

 private:
  [[nodiscard]] std::string first_place(size_t place, size_t cell) const;

  const Pictures& pictures_;
  std::vector<std::string> listed_;
  size_t count_ = 0;
  std::string hint_;
};

}  // namespace orthrus
