// TensorBoard's event file: TFRecords (length, masked CRC-32C, bytes, masked CRC-32C) that hold
// `Event` messages in protocol buffers' wire format; see tensorflow/core/util/event.proto and
// tensorflow/core/framework/summary.proto. Two messages and one checksum are all that scalars need,
// so neither protobuf nor a checksum library is linked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace orthrus {

class EventFile {
 public:
  // Creates events.out.tfevents.<seconds>.<host>.<process> in the folder, behind those that are
  // there; throws kResource. `first_step`: values of that step and later ones in older files of the
  // folder are void (a resumed training computes them again).
  EventFile(const std::filesystem::path& folder, int64_t first_step);
  ~EventFile();  // flushes
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;

  void add_scalar(std::string_view tag, int64_t step, double value);
  // Writes what has come together; throws kResource.
  void flush();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  void add_event(int64_t step, const std::string& content);

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::string pending_;
};

// CRC-32C (Castagnoli), as in RFC 3720.
[[nodiscard]] uint32_t crc32c(std::string_view bytes);

}  // namespace orthrus
