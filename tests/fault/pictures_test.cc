// Disk and memory that fail while a data set is opened and its first picture read: all of it is
// there, or an error.
#include "data/pictures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <tuple>

#include "base/file.h"
#include "fault/faults.h"
#include "model/networks.h"

namespace orthrus {
namespace {

using testing::for_each_allocation;
using testing::for_each_call;
using testing::kPictures;
using testing::NamedFault;
using testing::TemporaryFolder;

enum class Source { kList, kTable, kRecords, kIndexedRecords, kFolders };

constexpr uint64_t kAnySize = std::numeric_limits<uint64_t>::max();

struct Contents {
  ImageList list;
  std::vector<std::byte> picture;  // the first one
};

Contents contents_of(const PictureFiles& files) {
  const SharedPictures pictures = open_pictures(files);
  return {pictures->list(), pictures->read(0, kAnySize)};
}

bool same(const Contents& a, const Contents& b) {
  const ListEntries &x = a.list.entries, &y = b.list.entries;
  if (a.picture != b.picture || a.list.warnings != b.list.warnings || x.size() != y.size()) {
    return false;
  }
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i].index != y[i].index || x[i].path != y[i].path ||
        !std::ranges::equal(x[i].labels, y[i].labels)) {
      return false;
    }
  }
  return true;
}

class PicturesFault : public ::testing::Test {
 protected:
  PictureFiles files(Source source) {
    const std::filesystem::path folder = folder_.path();
    switch (source) {
      case Source::kList:
        return {kPictures / "train.lst", kPictures};
      case Source::kTable:
        write_file(folder / "t.csv", "path,kind\nimages/00_plain.jpg,a\nimages/01_gray.jpg,b\n");
        return {folder / "t.csv", kPictures};
      case Source::kRecords:
        std::filesystem::copy_file(kPictures / "train.rec", folder / "plain.rec");
        return {folder / "plain.rec", ""};
      case Source::kIndexedRecords:
        return {kPictures / "train.rec", ""};
      case Source::kFolders:
        for (const char* name : {"a", "b"}) {
          std::filesystem::create_directory(folder / name);
          std::filesystem::copy_file(kPictures / "images/00_plain.jpg", folder / name / "0.jpg");
        }
        return {folder, ""};
    }
    return {};
  }

  TemporaryFolder folder_;
};

class PicturesReadFault : public PicturesFault,
                          public ::testing::WithParamInterface<std::tuple<Source, NamedFault>> {};

TEST_P(PicturesReadFault, LeavesAllOfThemOrNone) {
  const auto& [source, fault] = GetParam();
  const PictureFiles named = files(source);
  const Contents whole = contents_of(named);
  Contents contents;
  for_each_call(
      fault, [] {}, [&] { contents = contents_of(named); }, ErrorKind::kInput,
      [&](bool failed) { EXPECT_TRUE(failed || same(contents, whole)); });
}

class PicturesAllocationFault : public PicturesFault,
                                public ::testing::WithParamInterface<std::tuple<Source, bool>> {};

TEST_P(PicturesAllocationFault, LeavesAllOfThemOrNone) {
  const auto& [source, for_ever] = GetParam();
  const PictureFiles named = files(source);
  const Contents whole = contents_of(named);
  for_each_allocation(
      for_ever, [] {}, [&] { return same(contents_of(named), whole); }, [](bool) {});
}

const auto kSources = ::testing::Values(Source::kList, Source::kTable, Source::kRecords,
                                        Source::kIndexedRecords, Source::kFolders);

template <typename Param>
std::string source_of(const ::testing::TestParamInfo<Param>& test) {
  constexpr const char* kNames[] = {"list", "table", "records", "indexed_records", "folders"};
  return std::string(kNames[static_cast<size_t>(std::get<Source>(test.param))]) + "_";
}

INSTANTIATE_TEST_SUITE_P(Calls, PicturesReadFault,
                         ::testing::Combine(kSources, ::testing::ValuesIn(testing::kReadFaults)),
                         [](const auto& test) {
                           return source_of(test) + std::get<NamedFault>(test.param).name;
                         });
INSTANTIATE_TEST_SUITE_P(Calls, PicturesAllocationFault,
                         ::testing::Combine(kSources, ::testing::Bool()), [](const auto& test) {
                           return source_of(test) +
                                  (std::get<bool>(test.param) ? "for_ever" : "once");
                         });

}  // namespace
}  // namespace orthrus
