// The file is walked once to find where every array lies and what it is called; only then, when all
// sizes are known to fit into the file, are tensors allocated and filled.
#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "formats/byte_reader.h"
#include "formats/mxnet/names.h"
#include "formats/mxnet/params.h"
#include "formats/mxnet/params_format.h"

namespace orthrus::mxnet {

namespace {

// The least an array takes: one dimension in the oldest encoding, no data.
constexpr size_t kSmallestArrayBytes = 20;

struct StoredArray {
  Shape shape;
  DType type = DType::kF32;
  std::span<const std::byte> data;  // in the file's bytes
  std::string_view sparse;          // the storage's name; empty when dense
};

struct KnownStart {
  std::string_view start;  // lower case
  std::string_view what;
};
constexpr std::array kKnownStarts = {KnownStart{"<!doctype", "a web page"},
                                     KnownStart{"<html", "a web page"},
                                     KnownStart{"<?xml", "an XML page"},
                                     KnownStart{"version https://git-lfs", "a Git LFS pointer"},
                                     KnownStart{"{", "a JSON file"},
                                     KnownStart{"\x1f\x8b", "a gzip archive"},
                                     KnownStart{"pk\x03\x04", "a zip archive"}};

Error not_an_array_list(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              std::min<size_t>(bytes.size(), 64));
  std::string lower(text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size())));
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const KnownStart& known : kKnownStarts) {
    if (lower.starts_with(known.start)) {
      return input_error("this is {}, not an MXNet .params file (it starts with '{}')", known.what,
                         printable(text, 16))
          .with_hint("download the file itself, unpacked, not the page or archive around it");
    }
  }
  return input_error("not an MXNet .params file: it starts with '{}', expected '{}'",
                     printable(text, 8), R"(\x12\x01\x00\x00\x00\x00\x00\x00)");
}

int checked_rank(int64_t rank) {
  if (rank < 0 || rank > Shape::kMaxRank) {
    throw input_error("{} dimensions, expected 1 to {}; the file is damaged", rank,
                      Shape::kMaxRank);
  }
  return static_cast<int>(rank);
}

template <typename Dim>
Shape read_dims(ByteReader& reader, int rank) {
  std::array<int64_t, Shape::kMaxRank> dims{};
  for (int axis = 0; axis < rank; ++axis) {
    dims[static_cast<size_t>(axis)] = int64_t{reader.read<Dim>("the shape")};
  }
  return Shape(std::span(dims).first(static_cast<size_t>(rank)));
}

Shape read_shape(ByteReader& reader) {
  return read_dims<int64_t>(reader, checked_rank(reader.read<int32_t>("the number of dimensions")));
}

DType read_type(ByteReader& reader) {
  const auto flag = reader.read<int32_t>("the element type");
  if (flag < 0 || static_cast<size_t>(flag) >= kTypeByFlag.size()) {
    throw input_error("unknown element type {}, expected 0 to {}; the file is damaged", flag,
                      kTypeByFlag.size() - 1);
  }
  return kTypeByFlag[static_cast<size_t>(flag)];
}

std::span<const std::byte> take_data(ByteReader& reader, const Shape& shape, DType type) {
  const size_t size = checked_multiply(static_cast<size_t>(shape.elements()), size_of(type));
  return reader.take(size, fmt::format("the data {} {}", name_of(type), shape.to_string()));
}

// Context, type and data, the end of every encoding. The context is where the array lived when it
// was saved; it says nothing about the data.
void read_body(ByteReader& reader, StoredArray& array) {
  reader.take(8, "the context");
  array.type = read_type(reader);
  array.data = take_data(reader, array.shape, array.type);
}

// A sparse array is walked over, so that the names behind it are reached and it can be named.
void skip_sparse(ByteReader& reader, StoredArray& array, int index_arrays) {
  const Shape stored = read_shape(reader);
  array.shape = read_shape(reader);
  reader.take(8, "the context");
  array.type = read_type(reader);
  std::vector<std::pair<DType, Shape>> indexes;
  for (int i = 0; i < index_arrays; ++i) {
    const DType type = read_type(reader);
    indexes.emplace_back(type, read_shape(reader));
  }
  take_data(reader, stored, array.type);
  for (const auto& [type, shape] : indexes) take_data(reader, shape, type);
}

void read_v2(ByteReader& reader, StoredArray& array, bool scalars) {
  const auto storage = reader.read<int32_t>("the storage type");
  if (storage == 1 || storage == 2) {
    array.sparse = storage == 1 ? "row_sparse" : "csr";
    skip_sparse(reader, array, storage);
    return;
  }
  if (storage != 0) throw input_error("unknown storage type {}; the file is damaged", storage);
  array.shape = read_shape(reader);
  if (array.shape.rank() == 0 && !scalars) throw input_error("the array was never filled (none)");
  read_body(reader, array);
}

StoredArray read_array(ByteReader& reader) {
  StoredArray array;
  const auto start = reader.read<uint32_t>("the header");
  if (start == kArrayV2 || start == kArrayV3) {
    read_v2(reader, array, start == kArrayV3);
    return array;
  }
  if (start == kArrayV1) {
    array.shape = read_shape(reader);
  } else if (start <= Shape::kMaxRank) {
    array.shape = read_dims<uint32_t>(reader, static_cast<int>(start));
  } else {
    throw input_error(
        "it starts with {:#010x}, which is neither an array header nor a number of "
        "dimensions; the file is damaged",
        start);
  }
  if (array.shape.rank() == 0) throw input_error("the array was never filled (none)");
  read_body(reader, array);
  return array;
}

std::vector<StoredArray> read_arrays(ByteReader& reader) {
  const auto count = reader.read<uint64_t>("the number of arrays");
  if (count > reader.remaining() / kSmallestArrayBytes) {
    throw input_error(
        "it says that it holds {} arrays, for which the {} bytes that follow are too "
        "few; the file is damaged or truncated",
        count, reader.remaining());
  }
  std::vector<StoredArray> arrays;
  for (uint64_t i = 0; i < count; ++i) {
    try {
      arrays.push_back(read_array(reader));
    } catch (const Error& error) {
      throw error.within(fmt::format("array {} of {}", i + 1, count));
    }
  }
  return arrays;
}

std::string read_name(ByteReader& reader) {
  const auto length = reader.read<uint64_t>("the length of a name");
  const std::span<const std::byte> bytes = reader.take(length, "a name");
  const std::string_view name(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  check_name(name);
  return std::string(name);
}

Tensor make_tensor(const StoredArray& array, const std::string& name) {
  if (!array.sparse.empty()) {
    throw input_error("array '{}' is sparse ({}); only dense arrays are supported", name,
                      array.sparse)
        .with_hint("convert it in MXNet with array.tostype('default') and save it again");
  }
  Tensor tensor(array.shape, array.type);
  std::ranges::copy(array.data, tensor.bytes().begin());
  return tensor;
}

NamedTensors parse(std::span<const std::byte> bytes) {
  if (bytes.empty()) throw input_error("the file is empty");
  ByteReader reader(bytes);
  if (bytes.size() < sizeof(uint64_t) || reader.read<uint64_t>("the magic number") != kListMagic) {
    throw not_an_array_list(bytes);
  }
  reader.take(8, "the reserved word");
  const std::vector<StoredArray> arrays = read_arrays(reader);
  const auto names = reader.read<uint64_t>("the number of names");
  if (names != arrays.size()) {
    throw input_error("it holds {} arrays but {} names{}", arrays.size(), names,
                      names == 0 ? " (a list that was saved without names)" : "; it is damaged");
  }
  NamedTensors tensors;
  for (size_t i = 0; i < arrays.size(); ++i) {
    try {
      std::string name = read_name(reader);
      if (tensors.contains(name)) throw input_error("the name '{}' stands there twice", name);
      Tensor tensor = make_tensor(arrays[i], name);
      tensors.emplace(std::move(name), std::move(tensor));
    } catch (const Error& error) {
      throw error.within(fmt::format("array {} of {}", i + 1, arrays.size()));
    }
  }
  return tensors;
}

}  // namespace

NamedTensors parse_params(std::span<const std::byte> bytes, const std::string& origin) {
  try {
    return parse(bytes);
  } catch (const Error& error) {
    throw error.within(origin);
  }
}

NamedTensors read_params(const std::filesystem::path& path) {
  return parse_params(read_file(path), path.string());
}

}  // namespace orthrus::mxnet
