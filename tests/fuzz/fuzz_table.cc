// Any bytes given to the table parser: a list that keeps its promises, or an Error. The last byte
// chooses which columns are read, and which rows.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "base/error.h"
#include "data/table.h"

namespace {

orthrus::TableOptions options_of(uint8_t choice) {
  orthrus::TableOptions options;
  if (choice % 2 == 1) options.selection = {.all = false, .names = {"kind"}, .places = {0, 2}};
  if (choice / 2 % 2 == 1) options.path_column = "path";
  if (choice / 4 % 2 == 1) {
    options.split_column = "kind";
    options.splits = {"train"};
  }
  return options;
}

void check(const orthrus::ImageList& list) {
  if (list.entries.empty() || list.columns.size() != list.entries.label_columns()) std::abort();
  for (const orthrus::ListEntry entry : list.entries) {
    if (entry.path.empty()) std::abort();
    for (size_t i = 0; i < entry.labels.size(); ++i) {
      const orthrus::LabelColumn& column = list.columns[i];
      const float cell = entry.labels[i];
      if (column.is_text == std::isnan(cell)) std::abort();
      if (column.is_text && !(cell >= 0 && cell < static_cast<float>(column.cells.size()))) {
        std::abort();
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::istringstream text(std::string(reinterpret_cast<const char*>(data), size));
  try {
    check(orthrus::parse_table(text, "fuzz.csv", options_of(size > 0 ? data[size - 1] : 0)));
  } catch (const orthrus::Error&) {
    return 0;
  }
  return 0;
}
