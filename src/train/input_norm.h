// Before BatchNorms are frozen: the stored statistics of the first one must fit what it reads,
// since they will not follow. Some networks (MXNet's with a BatchNorm `bn_data` in front) were
// trained on raw pixels.
#pragma once

#include <string>

#include "backend/backend.h"
#include "data/loader.h"
#include "model/model.h"
#include "train/trained_part.h"

namespace orthrus {

// Whether mean and standard deviation are taken from and out of the pixels.
enum class InputNorm {
  kAuto,  // unless the network's first frozen BatchNorm says otherwise
  kOn,
  kOff,
};

struct InputNormReport {
  std::string note;     // what was changed
  std::string warning;  // what was not
};

// Looks at the first few hundred pictures of a shuffled epoch. Where `part` froze the model's first
// BatchNorm and its statistics disagree with them, kAuto changes `model`: mean and standard
// deviation become 0 and 1 if the raw pixels agree, else the BatchNorm gets the statistics found;
// the other modes warn. Nothing is looked at in a network that was never trained.
[[nodiscard]] InputNormReport settle_input_norm(Model& model, const TrainedPart& part,
                                                InputNorm mode, const SharedPictures& pictures,
                                                const LoaderOptions& loading, Backend& backend);

}  // namespace orthrus
