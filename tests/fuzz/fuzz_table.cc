// Any bytes given to the table parser: a list that keeps its promises, or an Error. The last byte
// chooses whether classes are expected.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "base/error.h"
#include "data/table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::istringstream text(std::string(reinterpret_cast<const char*>(data), size));
  std::vector<orthrus::LabelColumn> expected;
  if (size > 0 && data[size - 1] % 2 == 1) expected = {{.classes = {"cat", "dog", "3"}}};
  try {
    const orthrus::ImageList list = orthrus::parse_table(text, "fuzz.csv", expected);
    if (list.entries.empty() || list.columns.size() != list.entries.label_columns()) std::abort();
    for (const orthrus::ListEntry entry : list.entries) {
      if (entry.path.empty()) std::abort();
      for (size_t i = 0; i < entry.labels.size(); ++i) {
        if (std::isinf(entry.labels[i])) std::abort();
        const size_t classes = list.columns[i].classes.size();
        const bool named = classes > 0 && expected.empty() && !std::isnan(entry.labels[i]);
        if (named && !(entry.labels[i] < static_cast<float>(classes))) std::abort();
      }
    }
  } catch (const orthrus::Error&) {
    return 0;
  }
  return 0;
}
