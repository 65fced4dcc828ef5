#include "formats/safetensors/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "formats/json_fields.h"

namespace orthrus {

namespace {

static_assert(std::endian::native == std::endian::little);

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kLongestHeader = 100'000'000;  // as the official reader
constexpr int kDeepestHeader = 4;                 // {name: {shape: [number]}}
constexpr const char* kMetadata = "__metadata__";

struct ElementType {
  std::string_view name;
  DType type;
};
constexpr std::array<ElementType, 13> kElementTypes = {{{"F32", DType::kF32},
                                                        {"F64", DType::kF64},
                                                        {"F16", DType::kF16},
                                                        {"BF16", DType::kBF16},
                                                        {"U8", DType::kU8},
                                                        {"I8", DType::kI8},
                                                        {"I32", DType::kI32},
                                                        {"I64", DType::kI64},
                                                        {"BOOL", DType::kBool},
                                                        {"I16", DType::kI16},
                                                        {"U16", DType::kU16},
                                                        {"U32", DType::kU32},
                                                        {"U64", DType::kU64}}};

std::map<std::string, std::string> metadata_of(const OrderedJson& json) {
  if (!json.is_object()) throw input_error("'{}' is no object", kMetadata);
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) throw input_error("'{}' of '{}' is no text", key, kMetadata);
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

uint64_t whole_number(const OrderedJson& json, const char* what) {
  if (!json.is_number_unsigned()) throw input_error("{} is no whole number", what);
  return json.get<uint64_t>();
}

DType type_of(const OrderedJson& json) {
  const std::string name = json.is_string() ? json.get<std::string>() : json.dump();
  const auto known = std::ranges::find(kElementTypes, name, &ElementType::name);
  if (known == kElementTypes.end()) throw input_error("the element type {} is unknown", name);
  return known->type;
}

SafetensorsHeader::Entry entry_of(const OrderedJson& json) {
  if (!json.is_object()) throw input_error("no object");
  if (json.size() != 3 || !json.contains("dtype") || !json.contains("shape") ||
      !json.contains("data_offsets")) {
    throw input_error("expected dtype, shape and data_offsets");
  }
  SafetensorsHeader::Entry entry{.type = type_of(json["dtype"])};
  const OrderedJson &shape = json["shape"], &offsets = json["data_offsets"];
  if (!shape.is_array()) throw input_error("the shape is no list");
  uint64_t bytes = size_of(entry.type);
  std::vector<int64_t> dims;
  for (const OrderedJson& value : shape) {
    const uint64_t dim = whole_number(value, "a dimension");
    if (dim > INT64_MAX || __builtin_mul_overflow(bytes, dim, &bytes)) {
      throw input_error("the shape is too large");
    }
    dims.push_back(static_cast<int64_t>(dim));
  }
  entry.shape = Shape(dims);
  if (!offsets.is_array() || offsets.size() != 2) throw input_error("expected two data_offsets");
  entry.begin = whole_number(offsets[0], "an offset");
  entry.end = whole_number(offsets[1], "an offset");
  if (entry.begin > entry.end || entry.end - entry.begin != bytes) {
    throw input_error("the offsets {} and {} do not hold {} bytes", entry.begin, entry.end, bytes);
  }
  return entry;
}

void check_cover(const SafetensorsHeader& header, uint64_t data_bytes) {
  std::vector<const decltype(header.tensors)::value_type*> order;
  for (const auto& tensor : header.tensors) order.push_back(&tensor);
  std::ranges::stable_sort(order, {}, [](const auto* entry) {
    return std::pair(entry->second.begin, entry->second.end);
  });
  uint64_t expected = 0;
  for (const auto* tensor : order) {
    const auto& [name, entry] = *tensor;
    if (entry.begin != expected) {
      throw input_error("'{}' begins at byte {} of the data, expected {}: {}", name, entry.begin,
                        expected, entry.begin < expected ? "an overlap" : "a hole");
    }
    expected = entry.end;
  }
  if (expected != data_bytes) {
    throw input_error("the tensors have {} bytes, the file has {} for them", expected, data_bytes);
  }
}

// Length of the header in a file of `file_bytes` that begins with `start`.
uint64_t header_length(std::span<const std::byte> start, uint64_t file_bytes) {
  if (start.size() < kLengthBytes) throw input_error("the file has {} bytes only", start.size());
  uint64_t length = 0;
  std::memcpy(&length, start.data(), kLengthBytes);
  if (length > kLongestHeader) {
    throw input_error("the header should have {} bytes, at most {} are allowed", length,
                      kLongestHeader);
  }
  if (file_bytes < kLengthBytes || length > file_bytes - kLengthBytes) {
    throw input_error("the header should have {} bytes, the file has {} in all", length,
                      file_bytes);
  }
  return length;
}

SafetensorsHeader header_of(std::string_view text, uint64_t data_bytes) {
  if (!text.starts_with('{')) throw input_error("the header does not begin with '{{'");
  OrderedJson json;
  try {
    json = parse_json(text, kDeepestHeader);
  } catch (const Error& error) {
    throw error.within("the header");
  }
  SafetensorsHeader header;
  for (const auto& [name, value] : json.items()) {
    if (name == kMetadata) {
      header.metadata = metadata_of(value);
      continue;
    }
    try {
      header.tensors.emplace(name, entry_of(value));
    } catch (const Error& error) {
      throw error.within("tensor '" + name + "'");
    }
  }
  check_cover(header, data_bytes);
  return header;
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

SafetensorsFile parse(std::span<const std::byte> bytes) {
  const uint64_t length = header_length(bytes, bytes.size());
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + length);
  SafetensorsHeader header = header_of(as_text(bytes.subspan(kLengthBytes, length)), data.size());
  SafetensorsFile file{.tensors = {}, .metadata = std::move(header.metadata)};
  for (const auto& [name, entry] : header.tensors) {
    Tensor tensor(entry.shape, entry.type);
    std::ranges::copy(data.subspan(entry.begin, entry.end - entry.begin), tensor.bytes().begin());
    file.tensors.emplace(name, std::move(tensor));
  }
  return file;
}

SafetensorsHeader read_header(const std::filesystem::path& path) {
  const std::vector<std::byte> start = read_prefix(path, kLengthBytes);
  std::error_code failure;
  const uint64_t file_bytes = std::filesystem::file_size(path, failure);
  if (failure) throw input_error("its size is unknown: {}", failure.message());
  const uint64_t length = header_length(start, file_bytes);
  const std::vector<std::byte> bytes = read_prefix(path, kLengthBytes + length);
  if (bytes.size() != kLengthBytes + length) throw input_error("the file became shorter");
  return header_of(as_text(std::span(bytes).subspan(kLengthBytes)),
                   file_bytes - kLengthBytes - length);
}

template <typename Action>
auto within_file(const std::string& origin, Action&& action) {
  try {
    return action();
  } catch (const Error& error) {
    throw error.within("cannot read '" + origin + "' as safetensors");
  }
}

void check_header_length(uint64_t length) {
  if (length <= kLongestHeader) return;
  throw input_error("the header has {} bytes, at most {} are allowed", length, kLongestHeader);
}

std::string header_text(const OrderedJson& header) {
  std::string text;
  try {
    text = header.dump();
  } catch (const OrderedJson::exception&) {
    throw input_error("a name or a text of the header is not UTF-8");
  }
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');
  check_header_length(text.size());
  return text;
}

}  // namespace

SafetensorsFile read_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(read_file(path), path.string());
}

SafetensorsFile parse_safetensors(std::span<const std::byte> bytes, const std::string& origin) {
  return within_file(origin, [&] { return parse(bytes); });
}

SafetensorsHeader read_safetensors_header(const std::filesystem::path& path) {
  return within_file(path.string(), [&] { return read_header(path); });
}

bool looks_like_safetensors(std::span<const std::byte> start) {
  if (start.size() <= kLengthBytes || start[kLengthBytes] != std::byte{'{'}) return false;
  uint64_t length = 0;
  std::memcpy(&length, start.data(), kLengthBytes);
  return length <= kLongestHeader;
}

void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<const NamedTensors::value_type*> order;
  for (const auto& tensor : tensors) order.push_back(&tensor);
  std::ranges::stable_sort(order, std::greater<>{},
                           [](const auto* entry) { return size_of(entry->second.dtype()); });
  uint64_t least = 0;  // before a header that cannot be is put together
  for (const auto& [key, text] : metadata) least += key.size() + text.size();
  check_header_length(least);
  OrderedJson header = OrderedJson::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  uint64_t offset = 0;
  for (const auto* entry : order) {
    const Tensor& tensor = entry->second;
    if (entry->first == kMetadata) throw input_error("no tensor can have the name '{}'", kMetadata);
    const auto known = std::ranges::find(kElementTypes, tensor.dtype(), &ElementType::type);
    const uint64_t end = offset + tensor.size_bytes();
    const auto& dims = tensor.shape().dims();
    header[entry->first] = {{"dtype", known->name},
                            {"shape", std::vector<int64_t>(dims.begin(), dims.end())},
                            {"data_offsets", {offset, end}}};
    offset = end;
  }
  const std::string text = header_text(header);
  const uint64_t length = text.size();
  check_free_space(path.has_parent_path() ? path.parent_path() : ".",
                   kLengthBytes + length + offset);
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(text);
  for (const auto* entry : order) file.write(entry->second.bytes());
  file.commit();
}

}  // namespace orthrus
