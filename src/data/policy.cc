#include "data/policy.h"

#include <array>

namespace orthrus {

namespace {

constexpr int kMagnitudes = 31;

enum class Measure {
  kAmount,  // `most` is the amount of the largest magnitude
  kWidth,   // a share of the width
  kHeight,
  kBits,       // 8 less `most` bits
  kThreshold,  // from 255 down to 0
  kNone,
};

struct Choice {
  PixelOperation operation;
  Measure measure;
  double most;
  bool has_sign;
};

using enum PixelOperation;

constexpr auto kTrivialChoices = std::to_array<Choice>({
    {kIdentity, Measure::kNone, 0, false},
    {kShearX, Measure::kAmount, 0.99, true},
    {kShearY, Measure::kAmount, 0.99, true},
    {kTranslateX, Measure::kAmount, 32, true},
    {kTranslateY, Measure::kAmount, 32, true},
    {kRotate, Measure::kAmount, 135, true},
    {kBrightness, Measure::kAmount, 0.99, true},
    {kColour, Measure::kAmount, 0.99, true},
    {kContrast, Measure::kAmount, 0.99, true},
    {kSharpness, Measure::kAmount, 0.99, true},
    {kPosterise, Measure::kBits, 6, false},
    {kSolarise, Measure::kThreshold, 0, false},
    {kAutoContrast, Measure::kNone, 0, false},
    {kEqualise, Measure::kNone, 0, false},
});

constexpr auto kRandChoices = std::to_array<Choice>({
    {kIdentity, Measure::kNone, 0, false},
    {kShearX, Measure::kAmount, 0.3, true},
    {kShearY, Measure::kAmount, 0.3, true},
    {kTranslateX, Measure::kWidth, 150.0 / 331, true},
    {kTranslateY, Measure::kHeight, 150.0 / 331, true},
    {kRotate, Measure::kAmount, 30, true},
    {kBrightness, Measure::kAmount, 0.9, true},
    {kColour, Measure::kAmount, 0.9, true},
    {kContrast, Measure::kAmount, 0.9, true},
    {kSharpness, Measure::kAmount, 0.9, true},
    {kPosterise, Measure::kBits, 4, false},
    {kSolarise, Measure::kThreshold, 0, false},
    {kAutoContrast, Measure::kNone, 0, false},
    {kEqualise, Measure::kNone, 0, false},
});

double amount_of(const Choice& choice, int magnitude, Size size) {
  const double share = static_cast<double>(magnitude) / (kMagnitudes - 1);
  switch (choice.measure) {
    case Measure::kAmount:
      return share * choice.most;
    case Measure::kWidth:
      return share * choice.most * static_cast<double>(size.width);
    case Measure::kHeight:
      return share * choice.most * static_cast<double>(size.height);
    case Measure::kBits:
      return 8 - static_cast<int>(share * choice.most + 0.5);
    case Measure::kThreshold:
      return 255 * (1 - share);
    case Measure::kNone:
      break;
  }
  return 0;
}

}  // namespace

std::vector<DrawnOperation> draw_operations(const Augmentation& augmentation, Size size,
                                            RandomStream& random) {
  if (augmentation.policy == AugmentPolicy::kNone) return {};
  const bool trivial = augmentation.policy == AugmentPolicy::kTrivial;
  const auto& choices = trivial ? kTrivialChoices : kRandChoices;
  std::vector<DrawnOperation> drawn;
  for (int i = 0; i < (trivial ? 1 : augmentation.rand_operations); ++i) {
    const Choice& choice = choices[random.below(static_cast<uint32_t>(choices.size()))];
    const int magnitude =
        trivial ? static_cast<int>(random.below(kMagnitudes)) : augmentation.rand_magnitude;
    double amount = amount_of(choice, magnitude, size);
    if (choice.has_sign && random.below(2) == 1) amount = -amount;
    drawn.push_back({choice.operation, amount});
  }
  return drawn;
}

}  // namespace orthrus
