#include "formats/byte_reader.h"

#include "base/error.h"

namespace orthrus {

std::span<const std::byte> ByteReader::take(size_t size, std::string_view what) {
  if (size > remaining()) {
    throw input_error("truncated: {} takes {} bytes at offset {}, of which {} are there", what,
                      size, offset_, remaining())
        .with_hint("the file has " + std::to_string(bytes_.size()) +
                   " bytes and is not whole; copy or download it again");
  }
  const std::span<const std::byte> taken = bytes_.subspan(offset_, size);
  offset_ += size;
  return taken;
}

}  // namespace orthrus
