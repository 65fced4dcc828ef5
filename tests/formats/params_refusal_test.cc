// Broken and hostile array lists: each is refused with a message that says what is wrong with it.
#include <gmock/gmock.h>

#include <random>

#include "base/file.h"
#include "formats/mxnet/params.h"
#include "formats/testing.h"

namespace orthrus::mxnet {
namespace {

using testing::Bytes;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string refusal(const std::vector<std::byte>& bytes) {
  return testing::refusal_of([&] { (void)parse_params(bytes, "m.params"); });
}

Bytes list_of(uint64_t count) {
  return Bytes().add(uint64_t{0x112}).add(uint64_t{0}).add(count);
}

// A list of one array of the newest encoding, (2) floats, up to its names.
Bytes one_array(int32_t storage = 0, int32_t rank = 1, int64_t dim = 2, int32_t type = 0) {
  return list_of(1)
      .add(uint32_t{0xf993fac9})
      .add(storage)
      .add(rank)
      .add(dim)
      .add(int64_t{1})
      .add(type)
      .add(1.0f)
      .add(2.0f);
}

std::vector<std::byte> two_arrays() {
  Bytes file = list_of(2);
  for (int i = 0; i < 2; ++i) {
    file.add(uint32_t{0xf993fac9}).add(0).add(1).add(int64_t{2}).add(int64_t{1}).add(0);
    file.add(1.0f).add(2.0f);
  }
  return file.add(uint64_t{2}).name("arg:a").name("arg:b").bytes();
}

TEST(ParamsRefusal, EmptyFile) {
  EXPECT_THAT(refusal({}), StartsWith("m.params: the file is empty"));
}

TEST(ParamsRefusal, OtherFilesAreRecognised) {
  EXPECT_THAT(refusal(Bytes().text("\n<!DOCTYPE html><html>").bytes()),
              AllOf(HasSubstr("this is a web page, not an MXNet .params file"),
                    HasSubstr("it starts with '\\x0a<!DOCTYPE html>'"), HasSubstr("download")));
  EXPECT_THAT(refusal(Bytes().text("<HTML>").bytes()), HasSubstr("a web page"));
  EXPECT_THAT(refusal(Bytes().text("version https://git-lfs.github.com/spec/v1").bytes()),
              HasSubstr("a Git LFS pointer"));
  EXPECT_THAT(refusal(Bytes().text("{\"nodes\": []}").bytes()), HasSubstr("a JSON file"));
  EXPECT_THAT(refusal(Bytes().text("\x1f\x8b\x08 abcdefgh").bytes()), HasSubstr("a gzip archive"));
  EXPECT_THAT(refusal(Bytes().text("PK\x03\x04 abcdefgh").bytes()), HasSubstr("a zip archive"));
}

TEST(ParamsRefusal, WrongMagicShowsTheFirstBytes) {
  EXPECT_THAT(refusal(Bytes().text("\x89PNG\r\n\x1a\nrest").bytes()),
              HasSubstr("not an MXNet .params file: it starts with "
                        "'\\x89PNG\\x0d\\x0a\\x1a\\x0a', expected '\\x12\\x01"));
  EXPECT_THAT(refusal(Bytes().text("abc").bytes()), HasSubstr("it starts with 'abc'"));
}

TEST(ParamsRefusal, TruncationSaysWhereAndHowMuch) {
  std::vector<std::byte> bytes = two_arrays();
  bytes.resize(24 + 40 + 36);  // four bytes of the second array's eight
  EXPECT_THAT(refusal(bytes),
              AllOf(StartsWith("m.params: array 2 of 2: truncated: the data f32 (2) takes 8 bytes "
                               "at offset 96, of which 4 are there"),
                    HasSubstr("the file has 100 bytes and is not whole")));
}

TEST(ParamsRefusal, TruncationInTheNamesSaysWhichArray) {
  std::vector<std::byte> bytes = two_arrays();
  bytes.pop_back();
  EXPECT_THAT(refusal(bytes),
              StartsWith("m.params: array 2 of 2: truncated: a name takes 5 bytes"));
}

TEST(ParamsRefusal, CountsAndSizesBeyondTheFile) {
  EXPECT_THAT(refusal(list_of(uint64_t{1} << 60).add(uint64_t{0}).bytes()),
              HasSubstr("it says that it holds 1152921504606846976 arrays, for which the 8 bytes"));
  EXPECT_THAT(refusal(one_array(0, 1, int64_t{1} << 62).bytes()),
              HasSubstr("array 1 of 1: a size of 4611686018427387904 x 4 bytes overflows"));
  EXPECT_THAT(refusal(one_array(0, 1, int64_t{1} << 40).bytes()),
              HasSubstr("the data f32 (1099511627776) takes 4398046511104 bytes at offset 56, of "
                        "which 8 are there"));
  EXPECT_THAT(refusal(one_array(0, 1, -2).bytes()), HasSubstr("negative dimension"));
  EXPECT_THAT(refusal(one_array(0, 2'000'000'000).bytes()), HasSubstr("2000000000 dimensions"));
  EXPECT_THAT(refusal(one_array(0, -5).bytes()), HasSubstr("-5 dimensions, expected 1 to 8"));
  Bytes product = list_of(1).add(uint32_t{0xf993fac8}).add(2).add(INT64_MAX).add(INT64_MAX);
  EXPECT_THAT(refusal(product.add(int64_t{1}).add(0).bytes()), HasSubstr("too many elements"));
}

TEST(ParamsRefusal, DamagedHeaders) {
  EXPECT_THAT(refusal(list_of(1).add(uint32_t{0xdeadbeef}).text("some twenty bytes...").bytes()),
              HasSubstr("array 1 of 1: it starts with 0xdeadbeef, which is neither"));
  EXPECT_THAT(refusal(one_array(0, 1, 2, 77).bytes()), HasSubstr("unknown element type 77"));
  EXPECT_THAT(refusal(one_array(0, 1, 2, -1).bytes()), HasSubstr("unknown element type -1"));
  EXPECT_THAT(refusal(one_array(9).bytes()), HasSubstr("unknown storage type 9"));
  EXPECT_THAT(refusal(one_array(0, 0).bytes()),
              HasSubstr("array 1 of 1: the array was never filled"));
}

TEST(ParamsRefusal, SparseArraysAreNamed) {
  Bytes file = list_of(1).add(uint32_t{0xf993fac9}).add(1);            // row_sparse
  file.add(2).add(int64_t{1}).add(int64_t{2});                         // stored rows
  file.add(2).add(int64_t{5}).add(int64_t{2}).add(int64_t{1}).add(0);  // shape, context, type
  file.add(6).add(1).add(int64_t{1});                                  // one index
  file.add(1.0f).add(2.0f).add(int64_t{3}).add(uint64_t{1}).name("arg:embedding");
  EXPECT_THAT(refusal(file.bytes()),
              AllOf(HasSubstr("array 'arg:embedding' is sparse (row_sparse)"),
                    HasSubstr("tostype('default')")));
}

TEST(ParamsRefusal, Names) {
  EXPECT_THAT(refusal(one_array().add(uint64_t{0}).bytes()),
              HasSubstr("it holds 1 arrays but 0 names (a list that was saved without names)"));
  EXPECT_THAT(refusal(one_array().add(uint64_t{7}).bytes()), HasSubstr("1 arrays but 7 names"));
  EXPECT_THAT(refusal(one_array().add(uint64_t{1}).name("").bytes()), HasSubstr("a name is empty"));
  EXPECT_THAT(refusal(one_array().add(uint64_t{1}).name("arg:\xff\xfe").bytes()),
              HasSubstr("the name 'arg:\\xff\\xfe' is not UTF-8"));
  EXPECT_THAT(refusal(one_array().add(uint64_t{1}).name("a\x1b[2J").bytes()),
              HasSubstr("the name 'a\\x1b[2J' holds control characters"));
  EXPECT_THAT(refusal(one_array().add(uint64_t{1}).name(std::string(2000, 'x')).bytes()),
              HasSubstr("has 2000 bytes, expected at most 1024"));
  EXPECT_THAT(refusal(one_array().add(uint64_t{1}).add(UINT64_MAX).bytes()),
              HasSubstr("a name takes 18446744073709551615 bytes"));
  EXPECT_EQ(refusal(one_array()
                        .add(uint64_t{1})
                        .name("arg:Stra\xc3\x9f"
                              "e")
                        .bytes()),
            "nothing thrown");
}

TEST(ParamsRefusal, NameTwice) {
  std::vector<std::byte> bytes = two_arrays();
  bytes.back() = std::byte{'a'};
  EXPECT_THAT(refusal(bytes), HasSubstr("array 2 of 2: the name 'arg:a' stands there twice"));
}

TEST(ParamsRefusal, MissingFileIsNamed) {
  EXPECT_THAT(testing::refusal_of([] { (void)read_params("/nowhere/x.params"); }),
              HasSubstr("/nowhere/x.params"));
}

// Every prefix of a good file, in each encoding, is refused.
TEST(ParamsRefusal, EveryTruncation) {
  for (const char* name :
       {"preact-heads.params", "preact-v0-0000.params", "preact-v1-0000.params"}) {
    const std::vector<std::byte> bytes = read_file(testing::golden(name));
    const size_t step = bytes.size() < 4000 ? 1 : 97;
    for (size_t size = 0; size < bytes.size(); size += step) {
      EXPECT_THROW((void)parse_params(std::span(bytes).first(size), name), Error) << size;
    }
  }
}

// A flipped bit is either an error or a different value, never anything else.
TEST(ParamsRefusal, FlippedBits) {
  std::vector<std::byte> bytes = two_arrays();
  int refused = 0;
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto mask = static_cast<std::byte>(1 << (bit % 8));
    bytes[bit / 8] ^= mask;
    refused += refusal(bytes) == "nothing thrown" ? 0 : 1;
    bytes[bit / 8] ^= mask;
  }
  EXPECT_GT(refused, 500);
}

TEST(ParamsRefusal, RandomDamage) {
  const std::vector<std::byte> good = read_file(testing::golden("preact-heads.params"));
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::byte> bytes = good;
    for (int i = 0; i < 4; ++i) bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    (void)refusal(bytes);
  }
}

}  // namespace
}  // namespace orthrus::mxnet
