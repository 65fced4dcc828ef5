// The one exception type of Orthrus. The library throws it and never prints, exits or aborts;
// the command line (src/cli) is the border where it becomes a message and an exit code.
#pragma once

#include <fmt/format.h>

#include <exception>
#include <string>
#include <utility>

namespace orthrus {

enum class ErrorKind {
  kInternal,     // a defect in Orthrus itself
  kUsage,        // wrong command line or configuration
  kInput,        // data, model or file that cannot be used
  kResource,     // memory, disk, device
  kInterrupted,  // SIGINT
  kTerminated,   // SIGTERM
};

// Exit code of the program for an error of this kind: 1, 2, 3, 4, 130, 143 in the order above.
[[nodiscard]] int exit_code(ErrorKind kind);

class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message, std::string hint = {})
      : kind_(kind), message_(std::move(message)), hint_(std::move(hint)) {}

  [[nodiscard]] ErrorKind kind() const { return kind_; }
  // Where, what was got, what was expected; one line or a few, without a final period or newline.
  [[nodiscard]] const std::string& message() const { return message_; }
  // What to do next; may be empty.
  [[nodiscard]] const std::string& hint() const { return hint_; }
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

  [[nodiscard]] Error with_hint(std::string hint) const {
    return {kind_, message_, std::move(hint)};
  }
  // The same error seen from further out: "<where>: <message>".
  [[nodiscard]] Error within(const std::string& where) const {
    return {kind_, where + ": " + message_, hint_};
  }

 private:
  ErrorKind kind_;
  std::string message_;
  std::string hint_;
};

template <typename... Args>
[[nodiscard]] Error usage_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorKind::kUsage, fmt::format(format, std::forward<Args>(args)...)};
}
template <typename... Args>
[[nodiscard]] Error input_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorKind::kInput, fmt::format(format, std::forward<Args>(args)...)};
}
template <typename... Args>
[[nodiscard]] Error resource_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorKind::kResource, fmt::format(format, std::forward<Args>(args)...)};
}
template <typename... Args>
[[nodiscard]] Error internal_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorKind::kInternal, fmt::format(format, std::forward<Args>(args)...)};
}

}  // namespace orthrus
