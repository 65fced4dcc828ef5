#include "base/random.h"

#include <cmath>
#include <numbers>

namespace orthrus {

namespace {

uint64_t mix(uint64_t x) {  // splitmix64's finaliser (Steele, Lea, Flood 2014)
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

uint32_t low(uint64_t x) {
  return static_cast<uint32_t>(x);
}
uint32_t high(uint64_t x) {
  return static_cast<uint32_t>(x >> 32);
}

}  // namespace

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> c, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * c[0];
    const uint64_t p1 = uint64_t{0xCD9E8D57} * c[2];
    c = {high(p1) ^ c[1] ^ key[0], low(p1), high(p0) ^ c[3] ^ key[1], low(p0)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return c;
}

RandomStream::RandomStream(uint64_t seed, StreamPurpose purpose, uint64_t epoch, uint64_t index) {
  const uint64_t key = mix(seed ^ mix(static_cast<uint64_t>(purpose)));
  const uint64_t stream = mix(mix(epoch) ^ index);
  key_ = {low(key), high(key)};
  counter_ = {0, 0, low(stream), high(stream)};
}

uint32_t RandomStream::next_u32() {
  if (used_ == 4) {
    block_ = philox4x32(counter_, key_);
    if (++counter_[0] == 0) ++counter_[1];
    used_ = 0;
  }
  return block_[static_cast<size_t>(used_++)];
}

double RandomStream::uniform() {
  const uint64_t a = next_u32() >> 5;  // 27 bits
  const uint64_t b = next_u32() >> 6;  // 26 bits
  return static_cast<double>((a << 26) | b) * 0x1p-53;
}

uint32_t RandomStream::below(uint32_t bound) {
  uint64_t product = uint64_t{next_u32()} * bound;
  if (low(product) < bound) {
    const uint32_t threshold = (0u - bound) % bound;
    while (low(product) < threshold) product = uint64_t{next_u32()} * bound;
  }
  return high(product);
}

double RandomStream::normal() {
  if (has_spare_normal_) {
    has_spare_normal_ = false;
    return spare_normal_;
  }
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  const double angle = 2 * std::numbers::pi * uniform();
  spare_normal_ = radius * std::sin(angle);
  has_spare_normal_ = true;
  return radius * std::cos(angle);
}

}  // namespace orthrus
