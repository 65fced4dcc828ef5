// What `orthrus bench` prints of its measurements.
#pragma once

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "train/benchmark.h"

namespace orthrus {

[[nodiscard]] nlohmann::ordered_json to_json(const BenchmarkSpec& spec,
                                             const BenchmarkResult& result);
void print_summary(std::FILE* out, const BenchmarkSpec& spec, const BenchmarkResult& result);
// Every step of the plan in order.
void print_plan(std::FILE* out, const BenchmarkResult& result);
// Kinds of steps, then the slowest steps, by their time; needs spec.bandwidth.
void print_profile(std::FILE* out, const BenchmarkResult& result);
// Sums, then the largest buffers at the step where the arena is fullest.
void print_memory(std::FILE* out, const BenchmarkResult& result);
// The fastest step as a Chrome trace: "X" events, times in microseconds.
[[nodiscard]] std::string chrome_trace(const BenchmarkResult& result);

}  // namespace orthrus
