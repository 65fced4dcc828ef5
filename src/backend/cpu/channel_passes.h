// The shape of a computation that passes over an activation twice, with sums per channel between
// the passes, and the scratch memory that it needs: for each group of channels a few arrays of
// numbers laid out for rows, two sums per slab, and the totals of these.
//
// Sums are taken slab by slab in float, and the slabs' sums are added in double in the order of the
// pictures: the result does not depend on the number of threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "backend/cpu/cpu_kernel.h"
#include "base/threads.h"

namespace orthrus::cpu {

class ChannelPasses {
 public:
  // `numbers`: how many arrays each group has.
  ChannelPasses(const Slabs& slabs, int numbers) : slabs_(slabs), numbers_(numbers) {}

  // Scratch of run(), and of run_once().
  [[nodiscard]] size_t scratch_bytes() const {
    return groups() * (2 * slabs_.lanes() * sizeof(double) + group_bytes()) +
           groups() * static_cast<size_t>(slabs_.pieces) * slab_bytes();
  }
  [[nodiscard]] size_t numbers_bytes() const { return groups() * group_bytes(); }

  // An array of slabs.lanes() floats.
  [[nodiscard]] float* numbers(std::byte* scratch, int64_t group, int which) const {
    return floats(scratch + static_cast<size_t>(group) * group_bytes()) +
           static_cast<size_t>(which) * slabs_.lanes();
  }
  // Two arrays of slabs.lanes() sums, one behind the other.
  [[nodiscard]] float* sums(std::byte* scratch, int64_t piece, int64_t group) const {
    const auto slab = static_cast<size_t>(group * slabs_.pieces + piece);
    return floats(scratch + numbers_bytes() + slab * slab_bytes());
  }

  struct Totals {
    const double* first;  // by channel within the group
    const double* second;
  };
  // Adds up the slabs of a group, lanes of one channel together.
  [[nodiscard]] Totals totals(std::byte* scratch, int64_t group) const {
    const size_t lanes = slabs_.lanes(), block = static_cast<size_t>(slabs_.block);
    auto* first = reinterpret_cast<double*>(sums(scratch, 0, slabs_.groups)) +
                  static_cast<size_t>(group) * 2 * lanes;
    double* second = first + lanes;
    std::fill_n(first, 2 * lanes, 0.0);
    for (int64_t piece = 0; piece < slabs_.pieces; ++piece) {
      const float* slab = sums(scratch, piece, group);
      for (size_t begin = 0; begin < lanes; begin += block) {
        for (size_t c = 0; c < block; ++c) {
          first[c] += static_cast<double>(slab[begin + c]);
          second[c] += static_cast<double>(slab[lanes + begin + c]);
        }
      }
    }
    return {first, second};
  }

  // Runs over groups and pieces: before(group), first(piece, group) for all pieces, between(group),
  // second(piece, group). A thread that owns all pieces of a group finds its second pass still in
  // the cache; with too few groups for that, pieces are shared out as well.
  template <typename Before, typename First, typename Between, typename Second>
  void run(Before before, First first, Between between, Second second) const {
    const int64_t pieces = slabs_.pieces, groups = slabs_.groups;
    if (groups % current_threads() == 0 || groups >= 4 * current_threads()) {
#pragma omp parallel for schedule(static)
      for (int64_t group = 0; group < groups; ++group) {
        before(group);
        for (int64_t piece = 0; piece < pieces; ++piece) first(piece, group);
        between(group);
        for (int64_t piece = 0; piece < pieces; ++piece) second(piece, group);
      }
      return;
    }
#pragma omp parallel
    {
#pragma omp for schedule(static)
      for (int64_t group = 0; group < groups; ++group) before(group);
#pragma omp for collapse(2) schedule(static)
      for (int64_t group = 0; group < groups; ++group) {
        for (int64_t piece = 0; piece < pieces; ++piece) first(piece, group);
      }
#pragma omp for schedule(static)
      for (int64_t group = 0; group < groups; ++group) between(group);
#pragma omp for collapse(2) schedule(static)
      for (int64_t group = 0; group < groups; ++group) {
        for (int64_t piece = 0; piece < pieces; ++piece) second(piece, group);
      }
    }
  }

  // One pass without sums: before(group), then each(piece, group).
  template <typename Before, typename Each>
  void run_once(Before before, Each each) const {
    for (int64_t group = 0; group < slabs_.groups; ++group) before(group);
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t piece = 0; piece < slabs_.pieces; ++piece) {
      for (int64_t group = 0; group < slabs_.groups; ++group) each(piece, group);
    }
  }

 private:
  [[nodiscard]] size_t groups() const {
    return static_cast<size_t>(slabs_.groups);
  }
  [[nodiscard]] size_t group_bytes() const {
    return static_cast<size_t>(numbers_) * slabs_.lanes() * sizeof(float);
  }
  [[nodiscard]] size_t slab_bytes() const {
    return 2 * slabs_.lanes() * sizeof(float);
  }

  Slabs slabs_;
  int numbers_;
};

}  // namespace orthrus::cpu
