// Any bytes as a RecordIO file: pictures that can be read, or an Error.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "data/record_pictures.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const int file = ::memfd_create("fuzz", 0);
  if (file < 0 || ::write(file, data, size) != static_cast<ssize_t>(size)) std::abort();
  try {
    orthrus::RecordList records =
        orthrus::read_record_list("/proc/self/fd/" + std::to_string(file));
    const size_t count = records.offsets.size();
    if (count == 0 || count != records.list.entries.size()) std::abort();
    const orthrus::SharedPictures pictures = orthrus::make_record_pictures(
        std::move(records.list), std::move(records.offsets), std::move(records.file));
    for (size_t i = 0; i < count; ++i) {
      if (pictures->read(i, size).size() > size) std::abort();
    }
  } catch (const orthrus::Error&) {
  }
  ::close(file);
  return 0;
}
