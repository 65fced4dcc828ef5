// The solver within a training: what it reads where there are kept features, shares of sources and
// lists of different lengths. The solver itself: linear_probe_test.cc.
#include "train/heads_first.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "model/model_file.h"
#include "train/run_fixture.h"

namespace orthrus {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using testing::kPictures;
using testing::pixel_model;
using testing::Run;

class SolvedHeads : public Run {
 protected:
  void SetUp() override {
    Run::SetUp();
    start_from(pixel_model());
    request_.part.items = {"heads"};
    request_.solve = true;
  }

  // Its list holds these lines.
  TrainSource source_of(const std::string& name, const std::vector<std::string>& pictures,
                        double share = 0) {
    std::string text;
    for (const std::string& picture : pictures) text += picture + "\n";
    return {.files = {write_list(text, name), kPictures}, .share = share};
  }

  NamedTensors solved(const std::vector<TrainSource>& sources) {
    out_ = folder_.path() / fmt::format("out{}", ++runs_);
    request_.train = sources;
    observer_.notes.clear();
    train();
    EXPECT_THAT(observer_.notes, Contains(HasSubstr("heads solved for in ")));
    return read_model(out_ / "last.safetensors").parameters;
  }

  int runs_ = 0;
};

// The largest difference between two solutions, and the largest value.
std::pair<double, double> difference(const NamedTensors& one, const NamedTensors& other) {
  double most = 0;
  double largest = 0;
  for (const auto& [name, tensor] : one) {
    const std::span<const float> values = other.at(name).data();
    for (size_t i = 0; i < values.size(); ++i) {
      most = std::max(most, std::abs(double{tensor.data()[i]} - values[i]));
      largest = std::max(largest, std::abs(double{values[i]}));
    }
  }
  return {most, largest};
}

const std::vector<std::string> kFew = {"0\t0\timages/00_plain.jpg", "1\t1\timages/01_gray.jpg",
                                       "2\t2\timages/02_alpha.png", "3\t3\timages/03_exif6.jpg"};
const std::vector<std::string> kOthers = {"0\t3\timages/04_cmyk.jpg",
                                          "1\t2\timages/05_progressive.jpg",
                                          "2\t1\timages/06_s444.jpg", "3\t0\timages/07_png.png"};

TEST_F(SolvedHeads, ReadSourcesByTheirShares) {
  request_.validation.reset();
  // Of eight turns six are the first source's, two the second's.
  const NamedTensors shared =
      solved({source_of("few.lst", kFew, 3), source_of("others.lst", kOthers, 1)});
  std::vector<std::string> turns = kFew;
  turns.insert(turns.end(), {kFew[0], kFew[1], kOthers[0], kOthers[1]});
  const auto [same, scale] = difference(shared, solved({source_of("turns.lst", turns)}));
  EXPECT_LT(same, 0.01 * scale);
  std::vector<std::string> once = kFew;
  once.insert(once.end(), kOthers.begin(), kOthers.end());
  EXPECT_GT(difference(shared, solved({source_of("once.lst", once)})).first, 0.2 * scale);
}

TEST_F(SolvedHeads, AreChosenByAListOfAnyLength) {
  const TrainSource all = {.files = {kPictures / "train.lst", kPictures}};
  for (const size_t pictures : {size_t{1}, size_t{3}}) {
    request_.validation =
        source_of("short.lst", {kOthers.begin(), kOthers.begin() + static_cast<long>(pictures)})
            .files;
    (void)solved({all});
    EXPECT_THAT(observer_.notes, Contains(HasSubstr("in validation")));
    ASSERT_FALSE(observer_.epochs.empty());
    EXPECT_EQ(observer_.epochs.back().validation[0].weight, static_cast<double>(pictures));
  }
  request_.validation = PictureFiles{kPictures / "train.lst", kPictures};  // longer than training's
  (void)solved({source_of("few.lst", kFew)});
  EXPECT_THAT(observer_.notes, Contains(HasSubstr("in validation")));
}

}  // namespace
}  // namespace orthrus
