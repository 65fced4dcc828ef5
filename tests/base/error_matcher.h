// Runs a piece of code that must throw orthrus::Error, and hands the error back for closer looks.
#pragma once

#include <gtest/gtest.h>

#include "base/error.h"

namespace orthrus {

template <typename Code>
Error error_of(Code code) {
  try {
    code();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no orthrus::Error was thrown";
  return {ErrorKind::kInternal, ""};
}

}  // namespace orthrus
