#include "data/pack.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/threads.h"
#include "data/encode_jpeg.h"
#include "data/index_clash.h"
#include "data/list_writer.h"
#include "data/placement.h"
#include "data/record_writer.h"
#include "data/resize.h"

namespace orthrus {

namespace {

constexpr size_t kPackedAtOnce = 64;

struct Packed {
  std::vector<std::byte> bytes;
  bool encoded = false;
  bool webp = false;
  std::optional<Error> error;
};

struct PackBuffers {
  Image decoded, resized;
  CubicResizer resizer;
};

Packed pack_one(const Pictures& pictures, size_t position, const PackOptions& options,
                PackBuffers& buffers) {
  Packed result;
  result.bytes = pictures.read(position, options.limits.max_file_bytes);
  ImageInfo info;
  try {
    info = decode_image(result.bytes, options.limits, buffers.decoded, options.pixels);
  } catch (const Error& error) {
    throw error.within(fmt::format("cannot use '{}'", pictures.name(position)));
  }
  const Size size{buffers.decoded.width(), buffers.decoded.height()};
  if (options.resize == 0 || std::min(size.width, size.height) <= options.resize) {
    result.webp = info.format == ImageFormat::kWebp;
    return result;
  }
  const Size wanted = resize_short(size, options.resize);
  buffers.resizer.resize(buffers.decoded.view(), wanted, {0, 0, wanted.width, wanted.height},
                         buffers.resized);
  result.bytes = encode_jpeg(buffers.resized.view(), options.quality);
  result.encoded = true;
  return result;
}

bool usable_as_keys(const ListEntries& entries) {
  return std::ranges::min(entries.indexes()) >= 0 && !find_index_clash(entries);
}

}  // namespace

PackReport pack_pictures(const Pictures& pictures, const std::filesystem::path& prefix,
                         const PackOptions& options, const std::function<void(int64_t)>& after) {
  const ListEntries& entries = pictures.list().entries;
  PackReport report;
  report.renumbered = !usable_as_keys(entries);
  std::filesystem::path list_path = prefix;
  list_path += ".lst";
  AtomicFile list(list_path);
  RecordWriter writer(prefix);
  std::vector<Packed> packed(kPackedAtOnce);
  for (size_t first = 0; first < entries.size(); first += kPackedAtOnce) {
    const size_t here = std::min(kPackedAtOnce, entries.size() - first);
    parallel_for(static_cast<int64_t>(here), [&](int64_t begin, int64_t end) {
      PackBuffers buffers;
      for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
        try {
          packed[i] = pack_one(pictures, first + i, options, buffers);
        } catch (const Error& error) {
          packed[i] = {.error = error};
        }
      }
    });
    for (size_t i = 0; i < here; ++i) {
      const size_t position = first + i;
      const std::string place = pictures.place_in_list(position);
      if (packed[i].error) {
        const Error& error = *packed[i].error;
        const bool skip =
            options.on_bad_image == OnBadImage::kSkip && error.kind() == ErrorKind::kInput;
        if (!skip) throw place.empty() ? error : error.within(place);
        report.skipped.push_back(place.empty() ? error.message() : place + ": " + error.message());
        continue;
      }
      const ListEntry entry = entries[position];
      const int64_t key = report.renumbered ? static_cast<int64_t>(position) : entry.index;
      list.write(list_line(key, entry.labels, entry.path));
      writer.add(key, image_record(static_cast<uint64_t>(key), entry.labels, packed[i].bytes));
      ++report.packed;
      if (packed[i].encoded) ++report.encoded;
      if (packed[i].webp) ++report.webp;
    }
    after(static_cast<int64_t>(here));
  }
  if (report.packed == 0) {
    throw input_error("none of the {} pictures can be used; the first: {}", entries.size(),
                      report.skipped.front());
  }
  report.bytes = writer.size_bytes();
  writer.commit();
  list.commit();
  return report;
}

}  // namespace orthrus
