// Whether results in bf16 are rounded to the nearest, and not cut off, which a tolerance of one or
// two units in the last place cannot tell: rounding errs by as much to one side as to the other.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "backend/op_case.h"

namespace orthrus::testing {

// The distance between the numbers of bf16 that are as large as `value`, which is not 0: it has 8
// significant bits.
inline double bf16_spacing(double value) {
  return std::ldexp(1.0, std::ilogb(value) - 7);
}

// Mean errors in units of that distance; one element counts for no more than one unit, since what
// is left of a difference of large numbers may be off by many.
struct RoundingBias {
  double upwards = 0;   // half a unit where all are rounded up
  double away = 0;      // from zero; minus half a unit where the last bits are cut off
  size_t elements = 0;  // that are not zero
};

inline RoundingBias rounding_bias(const Values& got, const Values& want) {
  RoundingBias bias;
  for (size_t i = 0; i < want.size(); ++i) {
    if (!std::isfinite(want[i]) || std::abs(want[i]) < 1e-30) continue;
    const double error = std::clamp((got[i] - want[i]) / bf16_spacing(want[i]), -1.0, 1.0);
    bias.upwards += error;
    bias.away += want[i] > 0 ? error : -error;
    ++bias.elements;
  }
  if (bias.elements > 0) {
    bias.upwards /= static_cast<double>(bias.elements);
    bias.away /= static_cast<double>(bias.elements);
  }
  return bias;
}

// A sound kernel's mean is 0 with a deviation of 0.3 / sqrt(elements), or somewhat more where it
// rounds twice.
inline void expect_unbiased(const Values& got, const Values& want, const std::string& what) {
  constexpr size_t kFewest = 100;
  constexpr double kMost = 0.2;
  ASSERT_EQ(got.size(), want.size()) << what;
  const RoundingBias bias = rounding_bias(got, want);
  if (bias.elements < kFewest) return;
  EXPECT_LE(std::abs(bias.upwards), kMost) << what << ": rounded up or down in the mean";
  EXPECT_LE(std::abs(bias.away), kMost) << what << ": rounded to or from zero in the mean";
}

}  // namespace orthrus::testing
