#include "train/event_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/machine.h"

namespace orthrus {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kName = "events.out.tfevents.";
constexpr int kTimeDigits = 10;
// Field numbers of the messages.
constexpr int kEventWallTime = 1, kEventStep = 2, kEventFileVersion = 3, kEventSummary = 5;
constexpr int kEventSessionLog = 7, kSessionLogStatus = 1;
constexpr uint64_t kSessionStart = 1;
constexpr int kSummaryValue = 1, kValueTag = 1, kValueSimple = 2;
// Wire types.
constexpr int kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5;

void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void put_key(std::string& out, int field, int wire_type) {
  put_varint(out, static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(wire_type));
}

template <typename Number>
void put_raw(std::string& out, Number value) {
  std::array<char, sizeof(Number)> bytes;
  std::memcpy(bytes.data(), &value, sizeof(Number));
  out.append(bytes.data(), bytes.size());
}

void put_bytes(std::string& out, int field, std::string_view bytes) {
  put_key(out, field, kLengthDelimited);
  put_varint(out, bytes.size());
  out += bytes;
}

void put_number(std::string& out, int field, uint64_t value) {
  put_key(out, field, kVarint);
  put_varint(out, value);
}

constexpr std::array<uint32_t, 256> make_crc_table() {
  constexpr uint32_t kPolynomial = 0x82F63B78;  // reflected
  std::array<uint32_t, 256> table = {};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value & 1 ? value >> 1 ^ kPolynomial : value >> 1;
    table[i] = value;
  }
  return table;
}

uint32_t masked_crc(std::string_view bytes) {
  const uint32_t crc = crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xA282EAD8U;
}

double wall_time() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

// TensorBoard reads a folder's files in the order of their names. So the time in a name is over
// that of every file which is there, also when the clock went backward since.
int64_t creation_time(const std::filesystem::path& folder) {
  auto time = static_cast<int64_t>(wall_time());
  std::error_code failure;
  std::filesystem::directory_iterator entry(folder, failure);
  for (; !failure && entry != std::filesystem::directory_iterator(); entry.increment(failure)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(kName)) continue;
    const std::string_view digits = std::string_view(name).substr(kName.size(), kTimeDigits);
    int64_t other = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), other);
    time = std::max(time, other + 1);
  }
  return time;
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = make_crc_table();
  uint32_t crc = ~0U;
  for (const char c : bytes) crc = crc >> 8 ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  return ~crc;
}

EventFile::EventFile(const std::filesystem::path& folder, int64_t first_step) {
  path_ = folder / fmt::format("{}{:0{}}.{}.{}", kName, creation_time(folder), kTimeDigits,
                               host_name(), ::getpid());
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    throw resource_error("cannot write '{}': {}", path_.string(),
                         std::generic_category().message(errno));
  }
  std::string version;
  put_bytes(version, kEventFileVersion, "brain.Event:2");
  add_event(0, version);
  if (first_step > 0) {
    std::string start, event;
    put_number(start, kSessionLogStatus, kSessionStart);
    put_bytes(event, kEventSessionLog, start);
    add_event(first_step, event);
  }
  flush();
}

EventFile::~EventFile() {
  try {
    flush();
  } catch (const Error&) {  // whoever needs to know has called flush()
  }
  ::close(descriptor_);
}

void EventFile::add_scalar(std::string_view tag, int64_t step, double value) {
  std::string entry, summary, event;
  put_bytes(entry, kValueTag, tag);
  put_key(entry, kValueSimple, kFixed32);
  put_raw(entry, static_cast<float>(value));
  put_bytes(summary, kSummaryValue, entry);
  put_bytes(event, kEventSummary, summary);
  add_event(step, event);
}

void EventFile::add_event(int64_t step, const std::string& content) {
  std::string event;
  put_key(event, kEventWallTime, kFixed64);
  put_raw(event, wall_time());
  put_number(event, kEventStep, static_cast<uint64_t>(step));
  event += content;
  std::string length;
  put_raw(length, static_cast<uint64_t>(event.size()));
  pending_ += length;
  put_raw(pending_, masked_crc(length));
  pending_ += event;
  put_raw(pending_, masked_crc(event));
}

void EventFile::flush() {
  const std::string bytes = std::exchange(pending_, {});
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::write(descriptor_, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      throw resource_error("cannot write '{}': {}", path_.string(),
                           std::generic_category().message(errno));
    }
    done += static_cast<size_t>(count);
  }
}

}  // namespace orthrus
