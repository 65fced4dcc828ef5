// Any bytes given to the list parser: a list whose entries keep its promises, or an Error.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "base/error.h"
#include "data/list.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::istringstream text(std::string(reinterpret_cast<const char*>(data), size));
  try {
    const orthrus::ImageList list = orthrus::parse_list(text, "fuzz.lst");
    if (list.entries.empty()) std::abort();
    for (const orthrus::ListEntry entry : list.entries) {
      if (entry.labels.size() != static_cast<size_t>(list.label_columns) || entry.path.empty()) {
        std::abort();
      }
      for (const float label : entry.labels) {
        if (std::isinf(label)) std::abort();
      }
    }
  } catch (const orthrus::Error&) {
    return 0;
  }
  return 0;
}
