#include "base/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <system_error>

#include "base/error.h"

namespace orthrus {

namespace {

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDetail:
      return "detail";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
  }
  return "";
}

// UTC, so that logs of machines can be laid side by side: "2026-01-31T12:00:00Z".
std::string timestamp() {
  const std::time_t now = std::time(nullptr);
  std::tm parts = {};
  ::gmtime_r(&now, &parts);
  std::string text(20, '\0');
  std::strftime(text.data(), text.size() + 1, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace

Log::~Log() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Log::open_file(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    throw resource_error("cannot write '{}': {}", path.string(),
                         std::generic_category().message(errno));
  }
  const std::lock_guard lock(mutex_);
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = descriptor;
  path_ = path;
}

uint64_t Log::file_size() const {
  const std::lock_guard lock(mutex_);
  struct stat status = {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) return 0;
  return static_cast<uint64_t>(status.st_size);
}

void Log::cut_file(uint64_t size) {
  if (size >= file_size()) return;
  const std::lock_guard lock(mutex_);
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) {
    throw resource_error("cannot shorten '{}': {}", path_.string(),
                         std::generic_category().message(errno));
  }
}

void Log::add(LogLevel level, std::string_view text) {
  if (terminal_ != nullptr && level >= shown_) {
    terminal_->print_line(level == LogLevel::kWarning
                              ? terminal_->alarming("warning:") + " " + std::string(text)
                              : std::string(text));
  }
  write_to_file(level, text);
}

void Log::write_to_file(LogLevel level, std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (descriptor_ < 0) return;
  const std::string line = fmt::format("{} {}: {}\n", timestamp(), level_name(level), text);
  if (::write(descriptor_, line.data(), line.size()) == static_cast<ssize_t>(line.size())) return;
  const std::string reason = std::generic_category().message(errno);
  ::close(std::exchange(descriptor_, -1));
  if (terminal_ == nullptr) return;
  terminal_->print_line(fmt::format("{} cannot write '{}': {}; the run goes on without this file",
                                    terminal_->alarming("warning:"), path_.string(), reason));
}

}  // namespace orthrus
