#include "formats/safetensors/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace orthrus {

namespace {

static_assert(std::endian::native == std::endian::little);

using HeaderJson = nlohmann::ordered_json;

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

// One tensor as the header describes it.
struct Entry {
  std::string name;
  DType type = DType::kF32;
  std::vector<int64_t> dims;
  uint64_t begin = 0, end = 0;  // within the data
};

HeaderJson parse_header(std::string_view text) {
  if (!text.starts_with('{')) throw input_error("the header does not begin with '{{'");
  std::vector<std::set<std::string>> keys;
  const auto check = [&](int depth, HeaderJson::parse_event_t event, HeaderJson& parsed) {
    if (depth > kDeepestHeader) throw input_error("the header is nested too deep");
    if (event == HeaderJson::parse_event_t::object_start) keys.emplace_back();
    if (event == HeaderJson::parse_event_t::object_end) keys.pop_back();
    if (event == HeaderJson::parse_event_t::key &&
        !keys.back().insert(parsed.get<std::string>()).second) {
      throw input_error("the header has the key '{}' twice", parsed.get<std::string>());
    }
    return true;
  };
  try {
    return HeaderJson::parse(text, check);
  } catch (const HeaderJson::exception& error) {
    throw input_error("the header is not JSON: {}", error.what());
  }
}

std::map<std::string, std::string> metadata_of(const HeaderJson& json) {
  if (!json.is_object()) throw input_error("'{}' is no object", kMetadata);
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) throw input_error("'{}' of '{}' is no text", key, kMetadata);
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

uint64_t whole_number(const HeaderJson& json, const char* what) {
  if (!json.is_number_unsigned()) throw input_error("{} is no whole number", what);
  return json.get<uint64_t>();
}

Entry entry_of(const std::string& name, const HeaderJson& json) {
  if (!json.is_object()) throw input_error("no object");
  if (json.size() != 3 || !json.contains("dtype") || !json.contains("shape") ||
      !json.contains("data_offsets")) {
    throw input_error("expected dtype, shape and data_offsets");
  }
  Entry entry{.name = name};
  const HeaderJson& type = json["dtype"];
  const std::string type_name = type.is_string() ? type.get<std::string>() : type.dump();
  const auto known = std::ranges::find(kElementTypes, type_name, &ElementType::name);
  if (known == kElementTypes.end()) throw input_error("the element type {} is unknown", type_name);
  entry.type = known->type;
  const HeaderJson &shape = json["shape"], &offsets = json["data_offsets"];
  if (!shape.is_array()) throw input_error("the shape is no list");
  uint64_t bytes = size_of(entry.type);
  for (const HeaderJson& value : shape) {
    const uint64_t dim = whole_number(value, "a dimension");
    if (dim > INT64_MAX || __builtin_mul_overflow(bytes, dim, &bytes)) {
      throw input_error("the shape is too large");
    }
    entry.dims.push_back(static_cast<int64_t>(dim));
  }
  if (!offsets.is_array() || offsets.size() != 2) throw input_error("expected two data_offsets");
  entry.begin = whole_number(offsets[0], "an offset");
  entry.end = whole_number(offsets[1], "an offset");
  if (entry.begin > entry.end || entry.end - entry.begin != bytes) {
    throw input_error("the offsets {} and {} do not hold {} bytes", entry.begin, entry.end, bytes);
  }
  return entry;
}

void check_cover(std::vector<Entry>& entries, uint64_t data_bytes) {
  std::ranges::stable_sort(entries, {}, [](const Entry& e) { return std::pair(e.begin, e.end); });
  uint64_t expected = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != expected) {
      throw input_error("'{}' begins at byte {} of the data, expected {}: {}", entry.name,
                        entry.begin, expected, entry.begin < expected ? "an overlap" : "a hole");
    }
    expected = entry.end;
  }
  if (expected != data_bytes) {
    throw input_error("the tensors have {} bytes, the file has {} for them", expected, data_bytes);
  }
}

SafetensorsFile parse(std::span<const std::byte> bytes) {
  if (bytes.size() < kLengthBytes) throw input_error("the file has {} bytes only", bytes.size());
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  bytes = bytes.subspan(kLengthBytes);
  if (length > kLongestHeader || length > bytes.size()) {
    throw input_error("the header should have {} bytes, the file has {} left", length,
                      bytes.size());
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), length);
  const std::span<const std::byte> data = bytes.subspan(length);
  const HeaderJson header = parse_header(text);

  SafetensorsFile file;
  std::vector<Entry> entries;
  for (const auto& [name, json] : header.items()) {
    if (name == kMetadata) {
      file.metadata = metadata_of(json);
      continue;
    }
    try {
      entries.push_back(entry_of(name, json));
    } catch (const Error& error) {
      throw error.within("tensor '" + name + "'");
    }
  }
  check_cover(entries, data.size());
  for (const Entry& entry : entries) {
    Tensor tensor(Shape(entry.dims), entry.type);
    std::ranges::copy(data.subspan(entry.begin, entry.end - entry.begin), tensor.bytes().begin());
    file.tensors.emplace(entry.name, std::move(tensor));
  }
  return file;
}

}  // namespace

SafetensorsFile read_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(read_file(path), path.string());
}

SafetensorsFile parse_safetensors(std::span<const std::byte> bytes, const std::string& origin) {
  try {
    return parse(bytes);
  } catch (const Error& error) {
    throw error.within("cannot read '" + origin + "' as safetensors");
  }
}

void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<const NamedTensors::value_type*> order;
  for (const auto& tensor : tensors) order.push_back(&tensor);
  std::ranges::stable_sort(order, std::greater<>{},
                           [](const auto* entry) { return size_of(entry->second.dtype()); });
  HeaderJson header = HeaderJson::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  uint64_t offset = 0;
  for (const auto* entry : order) {
    const Tensor& tensor = entry->second;
    const auto known = std::ranges::find(kElementTypes, tensor.dtype(), &ElementType::type);
    const uint64_t end = offset + tensor.size_bytes();
    const auto& dims = tensor.shape().dims();
    header[entry->first] = {{"dtype", known->name},
                            {"shape", std::vector<int64_t>(dims.begin(), dims.end())},
                            {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');
  const uint64_t length = text.size();
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(text);
  for (const auto* entry : order) file.write(entry->second.bytes());
  file.commit();
}

}  // namespace orthrus
