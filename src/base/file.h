// Files: whole reads, and writes that are all-or-nothing. An AtomicFile is written beside its
// target, synced, renamed over it, and the directory is synced, so that after a crash or a full
// disk the target is either the old file or the new one, never a part. Several threads, processes
// or machines may write one target at once: each has a temporary file of its own, and the last one
// that commits wins. The new file keeps the old one's mode (and owner, where root writes); a
// symbolic link stays, and the file that it leads to is replaced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orthrus {

// Throws kInput ("cannot read 'x': No such file or directory"), also for a directory.
[[nodiscard]] std::vector<std::byte> read_file(const std::filesystem::path& path);
[[nodiscard]] std::string read_text(const std::filesystem::path& path);
// Up to `most` first bytes; for telling formats apart.
[[nodiscard]] std::vector<std::byte> read_prefix(const std::filesystem::path& path, size_t most);

// As read_file(), of a regular file with up to `max_bytes`; refuses anything else (a pipe would
// block, a device never end) and larger files without reading them.
[[nodiscard]] std::vector<std::byte> read_regular_file(const std::filesystem::path& path,
                                                       uint64_t max_bytes);

class AtomicFile {
 public:
  // Creates "<target>.tmp-<process>", or with "-1", "-2", ... behind it where that name is taken,
  // in the target's directory; throws kResource when it cannot.
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();  // removes the temporary file unless committed
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);  // throws kResource (disk full, I/O error)
  void write(std::string_view text);
  void commit();  // sync, rename, sync of the directory; throws kResource

 private:
  std::filesystem::path target_;       // as named
  std::filesystem::path destination_;  // where its symbolic links lead
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

// Whether a file called `name` is a temporary one of an AtomicFile for `target`, a name without its
// folder: what a process that was killed left there.
[[nodiscard]] bool is_temporary_of(std::string_view name, std::string_view target);

// The whole of `bytes` as one AtomicFile.
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file(const std::filesystem::path& path, std::string_view text);

// From now on `path` has the bytes of `source`, all-or-nothing: as another name of the same file
// where the file system can, which costs no space; as a copy elsewhere. Throws kResource.
void name_file_too(const std::filesystem::path& source, const std::filesystem::path& path);

// Throws kResource when the disk that holds `folder` has less than `bytes` left for this user.
void check_free_space(const std::filesystem::path& folder, uint64_t bytes);

// Throws kResource where something other than a file stands, which an AtomicFile does not replace:
// for commands that work long before they write.
void check_replaceable(const std::filesystem::path& path);

// Throws kResource where no AtomicFile can be written, and leaves nothing behind: for commands that
// work long before they write. check_writable_folder() is the same for files in a folder, which
// need not be there yet.
void check_writable(const std::filesystem::path& path);
void check_writable_folder(const std::filesystem::path& folder);

// Creates a directory and its parents; throws kResource with the reason.
void make_directories(const std::filesystem::path& path);

}  // namespace orthrus
