// The log of one run: lines go to the terminal, by level, and all of them with time and level into
// a file such as train.log. An object that is handed on, never a global one. Plain code and no
// logging library, because terminal lines must give way to the progress bar (base/terminal.h).
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/terminal.h"

namespace orthrus {

enum class LogLevel { kDetail, kInfo, kWarning };

class Log {
 public:
  // Lines below `shown` stay off the terminal; with nullptr all do. The terminal must outlive the
  // log.
  explicit Log(Terminal* terminal, LogLevel shown = LogLevel::kInfo)
      : terminal_(terminal), shown_(shown) {}
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // From now on lines are appended to the file as well, each in one write, so that several
  // processes may share it. Throws kResource. When the disk fills later, the terminal says so once
  // and the run goes on.
  void open_file(const std::filesystem::path& path);

  // Bytes that the file has; 0 without one.
  [[nodiscard]] uint64_t file_size() const;
  // Takes away what was written behind the first `size` bytes of the file.
  void cut_file(uint64_t size);

  template <typename... Args>
  void detail(fmt::format_string<Args...> format, Args&&... args) {
    add(LogLevel::kDetail, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) {
    add(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void warning(fmt::format_string<Args...> format, Args&&... args) {
    add(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
  }
  void add(LogLevel level, std::string_view text);

 private:
  void write_to_file(LogLevel level, std::string_view text);

  Terminal* terminal_;
  LogLevel shown_;
  mutable std::mutex mutex_;
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace orthrus
