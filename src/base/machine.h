// What this program is and what it runs on, for reports and for a run's environment.json.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace orthrus {

[[nodiscard]] std::string program_version();  // "0.1.0"
[[nodiscard]] std::string compiler_name();    // "GCC 12.2.0"
[[nodiscard]] std::string processor_name();   // as the system calls it; "unknown"
// Those that kernels are chosen by, as far as processor and system allow them: "avx2 fma avx512f".
[[nodiscard]] std::string instruction_sets();
[[nodiscard]] std::string host_name();

// What this process can still get: the system's available memory, or what its cgroup leaves of it;
// 0 where neither can be read.
[[nodiscard]] size_t available_memory_bytes();

// A file of /proc or /sys; empty where it is absent.
[[nodiscard]] std::string system_text(const std::string& path);
// The value of the first "name : value" line in such a text.
[[nodiscard]] std::string system_field(const std::string& text, std::string_view name);

}  // namespace orthrus
