#include "data/loader.h"

#include <mutex>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/threads.h"
#include "data/batch_queue.h"
#include "data/mixing.h"
#include "data/read_ahead.h"

namespace orthrus {

namespace {

void reshape(Tensor& tensor, const Shape& shape) {
  const bool fits = !tensor.empty() && tensor.dtype() == DType::kF32 && tensor.shape() == shape;
  if (!fits) tensor = Tensor(shape, DType::kF32);
}

std::span<float> row_of(Tensor& tensor, int row) {
  const auto size = static_cast<size_t>(tensor.shape().elements(1));
  return tensor.data().subspan(static_cast<size_t>(row) * size, size);
}

const LoaderOptions& checked(const LoaderOptions& options) {
  constexpr int kMostThreads = 1024;
  if (options.threads < 0 || options.threads > kMostThreads) {
    throw usage_error("{} loader threads: 0..{} expected", options.threads, kMostThreads);
  }
  return options;
}

std::vector<SourceTurns> sources_of(const Pictures& pictures, const LoaderOptions& options) {
  const size_t count = pictures.list().entries.size();
  if (options.sources.empty()) return {{.pictures = count}};
  size_t sum = 0;
  for (const SourceTurns& source : options.sources) sum += source.pictures;
  if (sum != count) throw internal_error("sources of {} pictures, but {} are there", sum, count);
  return options.sources;
}

}  // namespace

// Of files; decoded they are made batch by batch.
constexpr size_t kBatchesReadAhead = 4;

class Loader::Impl {
 public:
  Impl(SharedPictures pictures, const Preprocessing& preprocessing, const LoaderOptions& options)
      : options_(checked(options)),
        sampler_(sources_of(*pictures, options), options.batch_size, options.shuffle,
                 options.last_batch, options.seed),
        source_(std::move(pictures), preprocessing, options.augmentation, options.limits,
                options.on_bad_image, options.seed, options.max_bad, options.cache),
        images_shape_{options.batch_size, preprocessing.channels, preprocessing.height,
                      preprocessing.width},
        labels_shape_{options.batch_size, source_.pictures().list().label_columns} {}

  [[nodiscard]] const PictureSource& source() const { return source_; }
  [[nodiscard]] const Sampler& sampler() const { return sampler_; }
  [[nodiscard]] const LoaderOptions& options() const { return options_; }

  void restore(const LoaderState& state) {
    stop();
    sampler_.restore(state);
  }

  [[nodiscard]] bool next(Batch& batch) {
    if (sampler_.at_end()) return false;
    start();
    try {
      if (queue_) {
        queue_->take(batch);
      } else {
        make_batch(batch);
      }
    } catch (...) {
      stop();
      throw;
    }
    mix_pictures(options_.augmentation, options_.seed, sampler_.state().epoch,
                 sampler_.state().batch, batch);
    sampler_.advance();
    if (sampler_.at_end()) stop();
    return true;
  }

 private:
  void start() {
    if (queue_ || files_) return;
    const uint64_t begin = sampler_.state().batch;
    const uint64_t end = sampler_.batches_per_epoch();
    const auto slots = static_cast<uint64_t>(options_.batch_size);
    if (options_.threads == 0) {
      files_.emplace(
          [this, begin, slots](uint64_t i) {
            const size_t turn = sampler_.turn(begin + i / slots, static_cast<int>(i % slots));
            return source_.read(sampler_.order()[turn].position);
          },
          (end - begin) * slots, kBatchesReadAhead * slots, options_.read_ahead_bytes);
      return;
    }
    BatchQueue::Work work;
    work.prepare = [this](uint64_t number, Batch& into) { prepare(number, into); };
    work.make_slot = [this](uint64_t number, int slot, PictureBuffers& buffers, Batch& into) {
      make_slot(number, slot, nullptr, buffers, into);
    };
    work.slots = options_.batch_size;
    work.begin = begin;
    work.end = end;
    queue_.emplace(std::move(work), options_.threads);
  }

  // No background thread runs after this, so the sampler may change.
  void stop() {
    queue_.reset();
    files_.reset();
  }

  void prepare(uint64_t number, Batch& batch) const {
    reshape(batch.images, images_shape_);
    reshape(batch.labels, labels_shape_);
    batch.count = sampler_.counted(number);
    batch.positions.resize(static_cast<size_t>(options_.batch_size));
  }

  void make_slot(uint64_t number, int slot, const FileContents* contents, PictureBuffers& buffers,
                 Batch& batch) {
    const size_t position =
        source_.make(sampler_.order(), sampler_.turn(number, slot), contents, buffers,
                     row_of(batch.images, slot), row_of(batch.labels, slot));
    batch.positions[static_cast<size_t>(slot)] = static_cast<int64_t>(position);
  }

  void make_batch(Batch& batch) {
    const uint64_t number = sampler_.state().batch;
    prepare(number, batch);
    std::vector<FileContents> contents;
    contents.reserve(static_cast<size_t>(options_.batch_size));
    for (int slot = 0; slot < options_.batch_size; ++slot) contents.push_back(files_->take());
    parallel_for(options_.batch_size, [&](int64_t begin, int64_t end) {
      PictureBuffers buffers = take_buffers();
      for (auto slot = static_cast<int>(begin); slot < end; ++slot) {
        make_slot(number, slot, &contents[static_cast<size_t>(slot)], buffers, batch);
      }
      give_back(std::move(buffers));
    });
  }

  PictureBuffers take_buffers() {
    const std::scoped_lock lock(buffers_mutex_);
    if (buffers_.empty()) return {};
    PictureBuffers buffers = std::move(buffers_.back());
    buffers_.pop_back();
    return buffers;
  }

  void give_back(PictureBuffers buffers) {
    const std::scoped_lock lock(buffers_mutex_);
    buffers_.push_back(std::move(buffers));
  }

  LoaderOptions options_;
  Sampler sampler_;  // changes only while no background thread runs, but for its next batch
  PictureSource source_;
  Shape images_shape_;
  Shape labels_shape_;
  std::mutex buffers_mutex_;
  std::vector<PictureBuffers> buffers_;  // of the OpenMP threads, between batches
  // Last, so that their threads end before what they use.
  std::optional<ReadAhead> files_;
  std::optional<BatchQueue> queue_;
};

LoaderOptions of_plain_pictures(LoaderOptions options) {
  options.augmentation = {};
  options.sources.clear();
  options.cache = {};
  return options;
}

Loader::Loader(SharedPictures pictures, const Preprocessing& preprocessing,
               const LoaderOptions& options)
    : impl_(std::make_unique<Impl>(std::move(pictures), preprocessing, options)) {}

Loader::Loader(ImageList list, std::filesystem::path image_root, const Preprocessing& preprocessing,
               const LoaderOptions& options)
    : Loader(make_file_pictures(std::move(list), std::move(image_root)), preprocessing, options) {}

Loader::~Loader() = default;

const ImageList& Loader::list() const {
  return pictures().list();
}

const Pictures& Loader::pictures() const {
  return impl_->source().pictures();
}

int64_t Loader::batches_per_epoch() const {
  return static_cast<int64_t>(impl_->sampler().batches_per_epoch());
}

bool Loader::mixes() const {
  return impl_->options().augmentation.mixes();
}

void Loader::start_epoch(uint64_t epoch) {
  impl_->restore({.epoch = epoch, .batch = 0});
}

LoaderState Loader::state() const {
  return impl_->sampler().state();
}

void Loader::restore(const LoaderState& state) {
  impl_->restore(state);
}

bool Loader::next(Batch& batch) {
  return impl_->next(batch);
}

std::string Loader::cache_failure() const {
  return impl_->source().cache_failure();
}

std::vector<std::string> Loader::skipped() const {
  return impl_->source().skipped();
}

}  // namespace orthrus
