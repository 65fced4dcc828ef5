// Names of arrays and layers as they stand in files: what is accepted, and how a doubtful one is
// shown in a message. It knows nothing of the naming of parameters.
#pragma once

#include <string>
#include <string_view>

namespace orthrus::mxnet {

// Throws kInput for a name that is empty, over 1024 bytes, not UTF-8, or holds control characters.
void check_name(std::string_view name);

// At most `most` bytes of `text` with everything but printable ASCII written as \xHH.
[[nodiscard]] std::string printable(std::string_view text, size_t most = 64);

}  // namespace orthrus::mxnet
