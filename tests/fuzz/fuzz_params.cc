// MXNet's array lists: any bytes are either read or refused with an Error.
#include <cstdint>

#include "base/error.h"
#include "formats/mxnet/params.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    (void)orthrus::mxnet::parse_params(std::as_bytes(std::span(data, size)), "fuzz");
  } catch (const orthrus::Error&) {
  }
  return 0;
}
