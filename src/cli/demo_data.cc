// `orthrus demo-data`: Fashion-MNIST (70,000 pictures of ten kinds of clothing, from the Debian
// package dataset-fashion-mnist) as a folder of PNG files with image lists, the form that training
// reads.
//
// The lists are written last, after everything else has reached the disk: a list that is there
// stands for a complete set of pictures, and a run that was cut short is simply repeated.
#include <fcntl.h>
#include <fmt/format.h>
#include <spng.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <system_error>

#include "base/error.h"
#include "base/file.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/idx_file.h"

namespace orthrus {

namespace {

constexpr std::array<const char*, 10> kClasses = {"T-shirt/top", "Trouser",   "Pullover", "Dress",
                                                  "Coat",        "Sandal",    "Shirt",    "Sneaker",
                                                  "Bag",         "Ankle boot"};

struct Part {
  const char* name;    // of the list and the folder
  const char* prefix;  // of the source files
};
constexpr std::array<Part, 2> kParts = {Part{"train", "train"}, Part{"test", "t10k"}};

struct FashionPictures {
  int64_t count = 0;
  uint32_t height = 0;
  uint32_t width = 0;
  IdxFile images;
  IdxFile labels;

  [[nodiscard]] std::span<const uint8_t> pixels(int64_t index) const {
    const size_t size = size_t{height} * width;
    return std::span(images.bytes).subspan(static_cast<size_t>(index) * size, size);
  }
};

FashionPictures read_pictures(const std::filesystem::path& source, const Part& part,
                              int64_t limit) {
  const std::string prefix = part.prefix;
  FashionPictures pictures;
  pictures.images = read_idx_gz(source / (prefix + "-images-idx3-ubyte.gz"), 3);
  pictures.labels = read_idx_gz(source / (prefix + "-labels-idx1-ubyte.gz"), 1);
  const std::vector<int64_t>& shape = pictures.images.shape;
  if (shape[0] != pictures.labels.shape[0]) {
    throw input_error("'{}' holds {} {} images but {} labels", source.string(), shape[0], part.name,
                      pictures.labels.shape[0]);
  }
  if (shape[1] != 28 || shape[2] != 28) {
    throw input_error("the {} images of '{}' have {}x{} pixels, expected 28x28", part.name,
                      source.string(), shape[1], shape[2]);
  }
  for (const uint8_t label : pictures.labels.bytes) {
    if (label < kClasses.size()) continue;
    throw input_error("'{}': got the {} label {}, expected 0 to 9", source.string(), part.name,
                      label);
  }
  pictures.height = static_cast<uint32_t>(shape[1]);
  pictures.width = static_cast<uint32_t>(shape[2]);
  pictures.count = limit > 0 ? std::min(limit, shape[0]) : shape[0];
  return pictures;
}

struct FreeBuffer {
  void operator()(void* buffer) const { std::free(buffer); }
};
struct Png {
  std::unique_ptr<void, FreeBuffer> bytes;
  size_t size = 0;
};

Png encode_grey(std::span<const uint8_t> pixels, uint32_t height, uint32_t width) {
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> context(spng_ctx_new(SPNG_CTX_ENCODER),
                                                               spng_ctx_free);
  if (!context) throw std::bad_alloc();
  spng_ihdr header = {};
  header.height = height;
  header.width = width;
  header.bit_depth = 8;
  header.color_type = SPNG_COLOR_TYPE_GRAYSCALE;
  spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1);
  // 784 bytes: filling deflate's default state of 256 KiB would cost more than the compression.
  spng_set_option(context.get(), SPNG_IMG_WINDOW_BITS, 10);
  spng_set_option(context.get(), SPNG_IMG_MEM_LEVEL, 3);
  int failure = spng_set_ihdr(context.get(), &header);
  if (failure == 0) {
    failure = spng_encode_image(context.get(), pixels.data(), pixels.size(), SPNG_FMT_PNG,
                                SPNG_ENCODE_FINALIZE);
  }
  Png png;
  if (failure == 0) png.bytes.reset(spng_get_png_buffer(context.get(), &png.size, &failure));
  if (failure != 0) throw internal_error("encoding a PNG file: {}", spng_strerror(failure));
  return png;
}

// Not one by one synced and renamed, which would take minutes: see the head of this file.
void write_unsynced(const std::filesystem::path& path, const Png& png) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  bool written = file != nullptr && std::fwrite(png.bytes.get(), 1, png.size, file) == png.size;
  if (file != nullptr && std::fclose(file) != 0) written = false;
  if (written) return;
  throw resource_error("cannot write '{}': {}", path.string(),
                       std::generic_category().message(errno));
}

std::string picture_path(const Part& part, int64_t index) {
  return fmt::format("{}/{:05}.png", part.name, index);
}

void write_pictures(const FashionPictures& pictures, const Part& part,
                    const std::filesystem::path& folder) {
  make_directories(folder / part.name);
  parallel_for(pictures.count, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      write_unsynced(folder / picture_path(part, i),
                     encode_grey(pictures.pixels(i), pictures.height, pictures.width));
    }
  });
}

std::string list_text(const FashionPictures& pictures, const Part& part) {
  std::string text;
  for (int64_t i = 0; i < pictures.count; ++i) {
    const int label = pictures.labels.bytes[static_cast<size_t>(i)];
    text += fmt::format("{}\t{}.000000\t{}\n", i, label, picture_path(part, i));
  }
  return text;
}

// Everything written to the file system of `folder` so far is on the disk afterwards.
void sync_file_system(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::syncfs(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (synced) return;
  throw resource_error("cannot write '{}': {}", folder.string(),
                       std::generic_category().message(error));
}

bool holds(const std::filesystem::path& path, const std::string& text) {
  return std::filesystem::is_regular_file(path) && read_text(path) == text;
}

std::string class_text() {
  std::string text;
  for (const char* name : kClasses) text += fmt::format("{}\n", name);
  return text;
}

// Marks the folder by its classes.txt, so that pictures of somebody else's are never overwritten.
void claim_folder(const std::filesystem::path& out) {
  const std::filesystem::path classes = out / "classes.txt";
  if (holds(classes, class_text())) return;
  if (std::filesystem::exists(out) && !std::filesystem::is_empty(out)) {
    throw input_error("'{}' is not empty and was not made by orthrus demo-data", out.string())
        .with_hint("choose another folder for --out");
  }
  make_directories(out);
  write_file(classes, class_text());
}

void check_source(const std::filesystem::path& source) {
  if (std::filesystem::is_directory(source)) return;
  throw input_error("the folder '{}' with Fashion-MNIST is missing", source.string())
      .with_hint(
          "install it with: apt install dataset-fashion-mnist, or name a folder that holds "
          "its four .gz files by --source");
}

int run_demo_data(const Options& options, CommandContext& context) {
  const std::filesystem::path out = options.text("out");
  const std::filesystem::path source = options.text("source");
  const int64_t limit = options.has("limit") ? options.integer("limit") : 0;
  if (out.empty()) {
    throw usage_error("--out is missing").with_hint("for example: orthrus demo-data --out demo");
  }
  check_source(source);
  claim_folder(out);
  for (const Part& part : kParts) {
    const FashionPictures pictures = read_pictures(source, part, limit);
    const std::filesystem::path list = out / (std::string(part.name) + ".lst");
    const std::string text = list_text(pictures, part);
    const bool present = holds(list, text);
    if (!present) {
      write_pictures(pictures, part, out / "images");
      sync_file_system(out);
      write_file(list, text);
    }
    fmt::print(context.out, "{}: {} images{}\n", list.string(), pictures.count,
               present ? ", already there" : "");
  }
  return 0;
}

}  // namespace

Command make_demo_data_command() {
  Command command = {
      .name = "demo-data",
      .summary = "Write Fashion-MNIST as PNG files and image lists",
      .examples = {"orthrus demo-data --out demo", "orthrus demo-data --out demo --limit 1000"},
      .run = run_demo_data};
  command.options.add(std::vector<OptionSpec>{
      {.key = "out",
       .flag = "--out",
       .value_name = "DIR",
       .help = "Folder to write to: train.lst, test.lst, classes.txt, images/.",
       .group = "Files"},
      {.key = "source",
       .flag = "--source",
       .default_text = "/usr/share/datasets/fashion-mnist",
       .value_name = "DIR",
       .help = "Folder with the four gzipped idx files.",
       .group = "Files"},
      {.key = "limit",
       .flag = "--limit",
       .type = OptionType::kInteger,
       .min = 1,
       .help = "Take only the first N pictures of each list.",
       .group = "Files"}});
  return command;
}

}  // namespace orthrus
