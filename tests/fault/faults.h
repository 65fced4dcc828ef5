// The faults that the tests of this folder let happen, and the loop that lets each of them strike
// at the first call, the second, and so on.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <new>
#include <ostream>
#include <string>
#include <vector>

#include "base/error.h"
#include "fault/system_faults.h"

namespace orthrus::testing {

struct NamedFault {
  const char* name;
  SystemCall call;
  int error;  // 0: a short write or read
  bool for_ever;
};

// Names the fault in the names of tests.
inline void PrintTo(const NamedFault& fault, std::ostream* out) {
  *out << fault.name;
}

inline std::string name_of(const ::testing::TestParamInfo<NamedFault>& test) {
  return test.param.name;
}

inline const std::vector<NamedFault> kReadFaults = {
    {"open", SystemCall::kOpen, EACCES, false},
    {"open_for_ever", SystemCall::kOpen, EMFILE, true},
    {"read", SystemCall::kRead, EIO, false},
    {"read_for_ever", SystemCall::kRead, EIO, true},
    {"read_interrupted", SystemCall::kRead, EINTR, false},
    {"read_short", SystemCall::kRead, 0, false},
    {"read_short_for_ever", SystemCall::kRead, 0, true},
};

inline const std::vector<NamedFault> kWriteFaults = {
    {"open", SystemCall::kOpen, EACCES, false},
    {"open_for_ever", SystemCall::kOpen, EMFILE, true},
    {"write", SystemCall::kWrite, ENOSPC, false},
    {"write_for_ever", SystemCall::kWrite, ENOSPC, true},
    {"write_error", SystemCall::kWrite, EIO, true},
    {"write_interrupted", SystemCall::kWrite, EINTR, false},
    {"write_short", SystemCall::kWrite, 0, false},
    {"write_short_for_ever", SystemCall::kWrite, 0, true},
    {"sync", SystemCall::kSync, EIO, false},
    {"sync_for_ever", SystemCall::kSync, EIO, true},
    {"close", SystemCall::kClose, EIO, false},
    {"close_for_ever", SystemCall::kClose, EIO, true},
    {"rename", SystemCall::kRename, ENOSPC, false},
    {"rename_for_ever", SystemCall::kRename, EIO, true},
};

// Runs `action` with its k-th call failing, for k = 1, 2, ... until none is reached; after each
// `check(failed)`. What `action` throws must be an Error that `fits`. `before` prepares each round.
template <typename Before, typename Action, typename Fits, typename Check>
void for_each_call(const NamedFault& fault, Before before, Action action, Fits fits, Check check) {
  constexpr int64_t kMostCalls = 20'000;
  bool struck = true;
  for (int64_t k = 1; struck; ++k) {
    ASSERT_LE(k, kMostCalls);
    before();
    bool failed = true;
    std::string wrong;
    {
      const SystemFaults faults(
          {.call = fault.call, .first = k, .for_ever = fault.for_ever, .error = fault.error});
      try {
        action();
        failed = false;
      } catch (const Error& error) {
        if (!fits(error.kind())) wrong = error.message();
      }
      struck = faults.struck();
    }
    EXPECT_EQ(wrong, "");
    EXPECT_TRUE(struck || !failed);
    check(failed);
    if (::testing::Test::HasFailure()) FAIL() << fault.name << ", call " << k;
    if (k == 1) {
      EXPECT_TRUE(struck) << "no such call was made";
    }
    // One byte at a time, all along: one round says it all.
    if (fault.error == 0 && fault.for_ever) break;
  }
}

template <typename Before, typename Action, typename Check>
void for_each_call(const NamedFault& fault, Before before, Action action, ErrorKind expected,
                   Check check) {
  const auto fits = [expected](ErrorKind kind) { return kind == expected; };
  for_each_call(fault, before, action, fits, check);
}

// The same for allocations, each round in a process of its own: destructors of the JSON library and
// std::filesystem's iterators allocate where nothing may be thrown, and a process that they end
// harms the files no more than one that fails. `action` returns false for a result that is wrong.
template <typename Before, typename Action, typename Check>
void for_each_allocation(bool for_ever, Before before, Action action, Check check) {
  constexpr int kStruck = 1, kFailed = 2, kWrong = 4;
  constexpr int64_t kMostCalls = 20'000;
  int outcome = kStruck;
  for (int64_t k = 1; (outcome & kStruck) != 0; ++k) {
    ASSERT_LE(k, kMostCalls);
    before();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      std::set_terminate([] { ::_exit(kStruck | kFailed); });
      const SystemFaults faults(
          {.call = SystemCall::kAllocate, .first = k, .for_ever = for_ever, .error = ENOMEM});
      int result = kFailed;
      try {
        result = action() ? 0 : kWrong;
      } catch (const Error&) {
      } catch (const std::bad_alloc&) {
      }
      ::_exit(result | (faults.struck() ? kStruck : 0));
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status)) << "allocation " << k << ": signal " << WTERMSIG(status);
    outcome = WEXITSTATUS(status);
    EXPECT_EQ(outcome & kWrong, 0);
    EXPECT_TRUE(outcome == 0 || (outcome & kStruck) != 0);
    check((outcome & kFailed) != 0);
    if (::testing::Test::HasFailure()) FAIL() << "allocation " << k;
    if (k == 1) {
      EXPECT_EQ(outcome & kStruck, kStruck) << "nothing was allocated";
    }
  }
}

}  // namespace orthrus::testing
