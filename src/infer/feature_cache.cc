#include "infer/feature_cache.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "model/preprocessing_json.h"

namespace orthrus {
namespace {

using RowSink = std::function<void(std::span<const std::byte> row)>;

size_t valid_bytes(const FeatureCacheSpec& spec) {
  return spec.pictures;
}

// Everything that comes before the rows: length (8 bytes, little-endian) and JSON.
std::string file_header(const FeatureCacheSpec& spec) {
  const size_t rows = spec.size_bytes(), valid = rows + valid_bytes(spec);
  std::string dims = fmt::format("{}", spec.pictures * static_cast<size_t>(spec.views));
  for (int axis = 1; axis < spec.features.rank(); ++axis) {
    dims += fmt::format(",{}", spec.features[axis]);
  }
  std::string json =
      fmt::format(R"({{"__metadata__":{{"orthrus.features":"1","key":"{:016x}","views":"{}"}},)"
                  R"("features":{{"dtype":"{}","shape":[{}],"data_offsets":[0,{}]}},)"
                  R"("valid":{{"dtype":"U8","shape":[{}],"data_offsets":[{},{}]}},)"
                  R"("hash":{{"dtype":"I64","shape":[1],"data_offsets":[{},{}]}}}})",
                  spec.key, spec.views, spec.dtype == DType::kBF16 ? "BF16" : "F32", dims, rows,
                  spec.pictures, rows, valid, valid, valid + sizeof(uint64_t));
  json.resize((json.size() + sizeof(uint64_t) + 63) / 64 * 64 - sizeof(uint64_t), ' ');
  const uint64_t length = json.size();
  std::string header(sizeof(length), '\0');
  std::memcpy(header.data(), &length, sizeof(length));
  return header + json;
}

void narrow(std::span<const float> values, DType dtype, std::vector<std::byte>& row) {
  row.resize(values.size() * size_of(dtype));
  if (dtype == DType::kF32) {
    std::memcpy(row.data(), values.data(), row.size());
    return;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const uint16_t bits = f32_to_bf16(values[i]);
    std::memcpy(row.data() + i * sizeof(bits), &bits, sizeof(bits));
  }
}

// Every view of every picture in order; zeros for those that cannot be used. Returns which can.
std::vector<std::byte> for_each_row(const FeatureCacheSpec& spec, Loader& pictures,
                                    Inference& network, const RowSink& sink,
                                    const BatchCallback& after_batch) {
  const auto size = static_cast<size_t>(spec.features.elements());
  std::vector<std::byte> valid(spec.pictures, std::byte{1});
  std::vector<std::byte> row;
  Batch batch;
  int64_t done = 0;
  for (int view = 0; view < spec.views; ++view) {
    size_t picture = 0;
    pictures.start_epoch(static_cast<uint64_t>(view));
    while (pictures.next(batch)) {
      network.run(batch.images);
      for (size_t slot = 0; slot < batch.positions.size() && picture < spec.pictures; ++slot) {
        narrow(network.output(0).subspan(slot * size, size), spec.dtype, row);
        // A bad picture's place was taken by another one.
        if (batch.positions[slot] != static_cast<int64_t>(picture)) {
          valid[picture] = std::byte{0};
          std::ranges::fill(row, std::byte{0});
        }
        sink(row);
        ++picture;
        ++done;
      }
      if (after_batch) after_batch(done);
    }
  }
  return valid;
}

uint64_t hash_of_rows(const FeatureCacheSpec& spec, std::span<const std::byte> rows) {
  uint64_t hash = 0;
  const size_t size = spec.row_bytes();
  for (size_t at = 0; at < rows.size(); at += size) hash = hash_bytes(rows.subspan(at, size), hash);
  return hash;
}

std::string augmentation_text(const Augmentation& a, uint64_t seed) {
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {} {}", static_cast<int>(a.crop),
                     a.least_area, a.random_mirror, static_cast<int>(a.policy), a.rand_operations,
                     a.rand_magnitude, a.brightness, a.contrast, a.saturation, a.hue, a.pca_noise,
                     a.random_gray, a.erase, a.random_interpolation, seed);
}

struct Mapping {
  std::shared_ptr<const std::byte> memory;
  size_t size = 0;
};

Mapping map_file(const std::filesystem::path& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    throw input_error("cannot read '{}': {}", path.string(), std::strerror(errno));
  }
  struct stat status {};
  void* address = MAP_FAILED;
  if (fstat(descriptor, &status) == 0 && status.st_size > 0) {
    address =
        mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_SHARED, descriptor, 0);
  }
  const int reason = errno;
  close(descriptor);
  if (address == MAP_FAILED) {
    throw input_error("cannot map '{}': {}", path.string(),
                      status.st_size == 0 ? "it is empty" : std::strerror(reason));
  }
  const auto size = static_cast<size_t>(status.st_size);
  return {{static_cast<const std::byte*>(address),
           [size](const std::byte* mapped) { munmap(const_cast<std::byte*>(mapped), size); }},
          size};
}

}  // namespace

size_t FeatureCacheSpec::row_bytes() const {
  return static_cast<size_t>(features.elements()) * size_of(dtype);
}

size_t FeatureCacheSpec::size_bytes() const {
  return checked_multiply(checked_multiply(pictures, static_cast<size_t>(views)), row_bytes());
}

std::string FeatureCacheSpec::file_name() const {
  return fmt::format("{:016x}-{}-{}.features", key, views, name_of(dtype));
}

uint64_t feature_key(const Inference& network, const Preprocessing& preprocessing,
                     const Pictures& pictures, const LoaderOptions& loading) {
  uint64_t key = network.plan().hash();
  const auto parameters = network.plan().parameters();
  for (size_t i = 0; i < parameters.size(); ++i) {
    const Tensor values =
        network.plan().to_canonical(static_cast<int>(i), std::as_bytes(parameters[i].values));
    key = hash_bytes(values.bytes(), hash_text(parameters[i].name, key));
  }
  key = hash_text(preprocessing_to_json(preprocessing), key);
  if (loading.augmentation != Augmentation{}) {
    key = hash_text(augmentation_text(loading.augmentation, loading.seed), key);
  }
  if (loading.on_bad_image == OnBadImage::kSkip) key = hash_text("bad pictures are skipped", key);
  const std::filesystem::path home = pictures.home();
  const auto add_file = [&key](const std::filesystem::path& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) return;
    key = hash_text(
        fmt::format("{} {}.{:09}", status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec),
        key);
  };
  const bool in_folder = std::filesystem::is_directory(home);
  if (!in_folder) add_file(home);
  for (size_t i = 0; i < pictures.list().entries.size(); ++i) {
    const ListEntry entry = pictures.list().entries[i];
    const std::string path(entry.path);
    key = hash_bytes(std::as_bytes(std::span(&entry.index, 1)), hash_text(path, key));
    if (in_folder) add_file(image_path(home, path));
  }
  return key;
}

FeatureCache FeatureCache::compute(const FeatureCacheSpec& spec, Loader& pictures,
                                   Inference& network, const BatchCallback& after_batch) {
  const size_t rows = spec.size_bytes();
  const std::shared_ptr<std::byte[]> memory = allocate_aligned(rows + valid_bytes(spec));
  std::byte* next = memory.get();
  const auto append = [&next](std::span<const std::byte> bytes) {
    next = std::ranges::copy(bytes, next).out;
  };
  append(for_each_row(spec, pictures, network, append, after_batch));
  return {spec,
          std::shared_ptr<const std::byte>(memory, memory.get()),
          {memory.get(), rows},
          {memory.get() + rows, valid_bytes(spec)}};
}

void FeatureCache::write(const std::filesystem::path& path, const FeatureCacheSpec& spec,
                         Loader& pictures, Inference& network, const BatchCallback& after_batch) {
  const std::string header = file_header(spec);
  check_free_space(path.parent_path(), header.size() + spec.size_bytes() + spec.pictures);
  AtomicFile file(path);
  file.write(header);
  uint64_t hash = 0;
  const auto append = [&](std::span<const std::byte> row) {
    hash = hash_bytes(row, hash);
    file.write(row);
  };
  const std::vector<std::byte> valid = for_each_row(spec, pictures, network, append, after_batch);
  file.write(valid);
  hash = hash_bytes(valid, hash);
  file.write(std::as_bytes(std::span(&hash, 1)));
  file.commit();
}

FeatureCache FeatureCache::map(const std::filesystem::path& path, const FeatureCacheSpec& spec) {
  const Mapping mapping = map_file(path);
  const std::span<const std::byte> bytes(mapping.memory.get(), mapping.size);
  const std::string header = file_header(spec);
  const size_t rows = spec.size_bytes(), valid = valid_bytes(spec);
  if (bytes.size() != header.size() + rows + valid + sizeof(uint64_t)) {
    throw input_error("'{}' has {} bytes, expected {}", path.string(), bytes.size(),
                      header.size() + rows + valid + sizeof(uint64_t));
  }
  if (std::memcmp(bytes.data(), header.data(), header.size()) != 0) {
    throw input_error("'{}' holds other features", path.string());
  }
  FeatureCache cache(spec, mapping.memory, bytes.subspan(header.size(), rows),
                     bytes.subspan(header.size() + rows, valid));
  const uint64_t hash = hash_bytes(cache.valid_, hash_of_rows(spec, cache.rows_));
  if (std::memcmp(&hash, bytes.data() + bytes.size() - sizeof(hash), sizeof(hash)) != 0) {
    throw input_error("the bytes of '{}' are not those that were written", path.string());
  }
  return cache;
}

void FeatureCache::read(size_t view, size_t picture, std::span<float> dst) const {
  const std::byte* row = rows_.data() + (view * spec_.pictures + picture) * spec_.row_bytes();
  if (spec_.dtype == DType::kF32) {
    std::memcpy(dst.data(), row, dst.size_bytes());
    return;
  }
  for (size_t i = 0; i < dst.size(); ++i) {
    uint16_t bits = 0;
    std::memcpy(&bits, row + i * sizeof(bits), sizeof(bits));
    dst[i] = bf16_to_f32(bits);
  }
}

}  // namespace orthrus
