#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace orthrus {

namespace {

std::string reason(int error) {
  return std::generic_category().message(error);
}

Error read_failure(const std::filesystem::path& path, int error) {
  return input_error("cannot read '{}': {}", path.string(), reason(error));
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

Error write_failure(const std::filesystem::path& path, int error) {
  Error failure = resource_error("cannot write '{}': {}", path.string(), reason(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return failure.with_hint(
          fmt::format("free space in '{}', or choose another folder", folder_of(path).string()));
    case ENOENT:
      return failure.with_hint(
          fmt::format("create the folder '{}' first", folder_of(path).string()));
    case EACCES:
    case EPERM:
    case EROFS:
      return failure.with_hint("choose a folder that you may write to");
    default:
      return failure;
  }
}

// The system calls: -1 with errno on failure, interrupted ones repeated.
template <typename Call>
auto repeat_when_interrupted(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

int open_file(const std::filesystem::path& path, int flags, mode_t mode = 0) {
  return repeat_when_interrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); });
}

ssize_t read_some(int descriptor, std::span<std::byte> into) {
  return repeat_when_interrupted([&] { return ::read(descriptor, into.data(), into.size()); });
}

ssize_t write_some(int descriptor, std::span<const std::byte> bytes) {
  return repeat_when_interrupted([&] { return ::write(descriptor, bytes.data(), bytes.size()); });
}

int sync_file(int descriptor) {
  return repeat_when_interrupted([&] { return ::fsync(descriptor); });
}

// Never repeated: Linux has released the descriptor even when close() reports an error.
int close_file(int descriptor) {
  return ::close(descriptor) != 0 && errno != EINTR ? -1 : 0;
}

// So that the rename itself survives a power cut.
void sync_folder(const std::filesystem::path& target) {
  const int descriptor = open_file(folder_of(target), O_RDONLY | O_DIRECTORY);
  if (descriptor < 0) throw write_failure(target, errno);
  const int result = sync_file(descriptor);
  const int error = errno;
  ::close(descriptor);
  // Some file systems cannot sync a directory and say so with EINVAL: nothing more can be done
  // there.
  if (result != 0 && error != EINVAL) throw write_failure(target, error);
}

// Where the symbolic links that start at `path` lead, whether or not a file is there. Throws
// kResource for links in a circle.
std::filesystem::path end_of_links(std::filesystem::path path) {
  constexpr int kMaxLinks = 40;  // as the kernel's
  const std::filesystem::path named = path;
  std::error_code failure;
  for (int links = 0; std::filesystem::is_symlink(path, failure); ++links) {
    const std::filesystem::path link = std::filesystem::read_symlink(path, failure);
    if (failure) throw write_failure(named, failure.value());
    if (links == kMaxLinks) throw write_failure(named, ELOOP);
    path = folder_of(path) / link;  // an absolute link stands alone
  }
  return path;
}

constexpr std::string_view kTemporaryMark = ".tmp-";

// Calls create(name) with "<target>.tmp-<process>", "<target>.tmp-<process>-1", ... until one did
// not exist. Containers and machines that share a folder may have the same process number, so
// `create` fails with EEXIST for a name that is taken; it returns an error number, 0: it succeeded.
// Returns the name, or an empty one after another error, which is then in `error`.
template <typename Create>
std::filesystem::path first_free_name(const std::filesystem::path& target, const Create& create,
                                      int& error) {
  constexpr int kMaxNames = 10'000;
  for (int number = 0; number < kMaxNames; ++number) {
    std::filesystem::path name = target;
    name += fmt::format("{}{}", kTemporaryMark, ::getpid());
    if (number > 0) name += fmt::format("-{}", number);
    error = create(name);
    if (error == 0) return name;
    if (error != EEXIST) break;
  }
  return {};
}

// What a new file gets of the one that it replaces. Giving a file away is root's right: others keep
// it as their own.
void keep_owner_and_mode(int descriptor, const struct stat& old) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return;
  if (status.st_uid != old.st_uid || status.st_gid != old.st_gid) {
    (void)!::fchown(descriptor, old.st_uid, old.st_gid);
  }
  // Some file systems have no modes.
  (void)::fchmod(descriptor, old.st_mode & ACCESSPERMS);
}

class ReadDescriptor {
 public:
  explicit ReadDescriptor(const std::filesystem::path& path, int flags = 0)
      : path_(path), descriptor_(open_file(path, O_RDONLY | flags)) {
    if (descriptor_ < 0) throw read_failure(path_, errno);
  }
  ~ReadDescriptor() { ::close(descriptor_); }
  ReadDescriptor(const ReadDescriptor&) = delete;
  ReadDescriptor& operator=(const ReadDescriptor&) = delete;

  [[nodiscard]] struct stat status() const {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) throw read_failure(path_, errno);
    return status;
  }

  // Appends to `bytes` until the file ends or `bytes` has `most` elements.
  template <typename Container>
  void read(Container& bytes, size_t most) {
    const struct stat status = this->status();
    if (S_ISDIR(status.st_mode)) throw read_failure(path_, EISDIR);
    // The size is a guess: it is 0 for a pipe or a file of /proc. One byte more finds the end at
    // once.
    size_t block = status.st_size > 0 ? static_cast<size_t>(status.st_size) + 1 : size_t{1} << 16;
    size_t used = 0;
    while (used < most) {
      if (used == bytes.size()) bytes.resize(used + std::min(block, most - used));
      const std::span<std::byte> room = std::as_writable_bytes(std::span(bytes)).subspan(used);
      const ssize_t count = read_some(descriptor_, room);
      if (count < 0) throw read_failure(path_, errno);
      if (count == 0) break;
      used += static_cast<size_t>(count);
      block = std::max(used, size_t{1} << 16);
    }
    bytes.resize(used);
  }

 private:
  const std::filesystem::path& path_;
  int descriptor_;
};

}  // namespace

std::vector<std::byte> read_file(const std::filesystem::path& path) {
  return read_prefix(path, std::numeric_limits<size_t>::max());
}

std::string read_text(const std::filesystem::path& path) {
  std::string text;
  ReadDescriptor(path).read(text, std::numeric_limits<size_t>::max());
  return text;
}

std::vector<std::byte> read_prefix(const std::filesystem::path& path, size_t most) {
  std::vector<std::byte> bytes;
  ReadDescriptor(path).read(bytes, most);
  return bytes;
}

std::vector<std::byte> read_regular_file(const std::filesystem::path& path, uint64_t max_bytes) {
  // Opened first and then looked at, so that it is one file all along; O_NONBLOCK: a pipe would be
  // waited for.
  ReadDescriptor file(path, O_NONBLOCK);
  const struct stat status = file.status();
  if (!S_ISREG(status.st_mode)) {
    throw input_error("cannot read '{}': it is not a regular file", path.string());
  }
  const auto check_size = [&](uint64_t bytes) {
    if (bytes <= max_bytes) return;
    throw input_error("'{}' has {} bytes, more than the {} allowed", path.string(), bytes,
                      max_bytes);
  };
  check_size(static_cast<uint64_t>(status.st_size));
  constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();
  std::vector<std::byte> bytes;
  file.read(bytes, max_bytes == kNoLimit ? kNoLimit : max_bytes + 1);
  check_size(bytes.size());  // of a file that grew, or states no size
  return bytes;
}

bool is_temporary_of(std::string_view name, std::string_view target) {
  if (!name.starts_with(target)) return false;
  name.remove_prefix(target.size());
  if (!name.starts_with(kTemporaryMark)) return false;
  name.remove_prefix(kTemporaryMark.size());
  const auto take_digits = [&name] {
    const size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
    name.remove_prefix(digits);
    return digits > 0;
  };
  if (!take_digits()) return false;
  if (name.empty()) return true;
  if (name.front() != '-') return false;
  name.remove_prefix(1);
  return take_digits() && name.empty();
}

void check_replaceable(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  // A rename would replace a device such as /dev/null by a file.
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw resource_error("cannot write '{}': it exists and is not a regular file", path.string());
  }
}

void check_writable(const std::filesystem::path& path) {
  const AtomicFile probe(path);
}

void check_writable_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::filesystem::path present = folder;  // the nearest one that is there
  while (!std::filesystem::exists(present, ignored) && present.has_parent_path() &&
         present != present.parent_path()) {
    present = present.parent_path();
  }
  if (!std::filesystem::exists(present, ignored)) present = ".";
  if (!std::filesystem::is_directory(present, ignored)) {
    throw resource_error("cannot write into '{}': '{}' is not a folder", folder.string(),
                         present.string());
  }
  check_writable(present / "write-test");
}

AtomicFile::AtomicFile(std::filesystem::path target)
    : target_(std::move(target)), destination_(end_of_links(target_)) {
  check_replaceable(target_);
  constexpr mode_t kNewFile = 0666;  // less what the umask takes away
  struct stat old {};
  const bool replaces = ::stat(destination_.c_str(), &old) == 0;
  const mode_t mode = replaces ? old.st_mode & ACCESSPERMS : kNewFile;
  const auto create = [&](const std::filesystem::path& name) {
    descriptor_ = open_file(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    return descriptor_ < 0 ? errno : 0;
  };
  int error = 0;
  temporary_ = first_free_name(destination_, create, error);
  if (descriptor_ < 0) throw write_failure(target_, error);
  if (replaces) keep_owner_and_mode(descriptor_, old);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write_some(descriptor_, bytes);
    if (count < 0) throw write_failure(target_, errno);
    bytes = bytes.subspan(static_cast<size_t>(count));
  }
}

void AtomicFile::write(std::string_view text) {
  write(std::as_bytes(std::span(text)));
}

void AtomicFile::commit() {
  if (descriptor_ < 0) throw internal_error("'{}' is committed twice", target_.string());
  if (sync_file(descriptor_) != 0) throw write_failure(target_, errno);
  // Network file systems report a full disk as late as here.
  if (close_file(std::exchange(descriptor_, -1)) != 0) throw write_failure(target_, errno);
  if (std::rename(temporary_.c_str(), destination_.c_str()) != 0) {
    throw write_failure(target_, errno);
  }
  temporary_.clear();
  sync_folder(destination_);
}

void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  write_file(path, std::as_bytes(std::span(text)));
}

void name_file_too(const std::filesystem::path& source, const std::filesystem::path& path) {
  const std::filesystem::path destination = end_of_links(path);
  check_replaceable(path);
  std::error_code ignored;
  // rename() between two names of one file leaves both.
  if (std::filesystem::equivalent(source, destination, ignored)) return;
  const auto create = [&](const std::filesystem::path& name) {
    return ::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0
               ? 0
               : errno;
  };
  int error = 0;
  const std::filesystem::path temporary = first_free_name(destination, create, error);
  if (temporary.empty()) return write_file(path, read_file(source));
  if (std::rename(temporary.c_str(), destination.c_str()) != 0) {
    error = errno;
    std::filesystem::remove(temporary, ignored);
    throw write_failure(path, error);
  }
  sync_folder(destination);
}

void check_free_space(const std::filesystem::path& folder, uint64_t bytes) {
  std::error_code failure;
  const std::filesystem::space_info space = std::filesystem::space(folder, failure);
  if (failure || space.available >= bytes) return;  // writing will tell
  constexpr double kMegabyte = 1e6;
  throw resource_error("'{}' has {:.1f} MB left, {:.1f} MB are needed", folder.string(),
                       static_cast<double>(space.available) / kMegabyte,
                       static_cast<double>(bytes) / kMegabyte)
      .with_hint("free space there, or choose another folder");
}

void make_directories(const std::filesystem::path& path) {
  std::error_code failure;
  std::filesystem::create_directories(path, failure);
  if (!failure && !std::filesystem::is_directory(path))
    failure = {ENOTDIR, std::generic_category()};
  if (failure) {
    throw resource_error("cannot create the folder '{}': {}", path.string(), failure.message());
  }
}

}  // namespace orthrus
