#include "data/loader_benchmark.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "data/sample_pictures.h"

namespace orthrus {
namespace {

TEST(LoaderBenchmark, TimesEachStageOfEachPicture) {
  const TemporaryFolder folder;
  folder.write("a.jpg", make_jpeg(60, 40));
  folder.write("b.png", make_png(50, 70));
  ImageList list{.label_columns = 1};
  for (const char* name : {"a.jpg", "b.png"}) list.entries.push_back({.labels = {0}, .path = name});
  const SharedPictures pictures = make_file_pictures(list, folder.path());
  const Preprocessing preprocessing{.height = 32, .width = 32, .resize = 32};
  const LoaderBenchmark result = measure_loader(pictures, preprocessing, {.batch_size = 2});
  EXPECT_EQ(result.pictures, 2);
  EXPECT_EQ(result.file_bytes, make_jpeg(60, 40).size() + make_png(50, 70).size());
  for (const double seconds : {result.read_seconds, result.decode_seconds, result.crop_seconds,
                               result.normalise_seconds, result.loader_pictures_per_second}) {
    EXPECT_GT(seconds, 0);
  }
  folder.write("b.png", std::string("no picture"));
  EXPECT_THROW((void)measure_loader(pictures, preprocessing, {.batch_size = 2}), Error);
}

}  // namespace
}  // namespace orthrus
