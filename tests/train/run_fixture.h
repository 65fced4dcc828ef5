// What the tests of whole trainings share: a small network, lists of pictures, a folder.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/file.h"
#include "formats/mxnet/checkpoint.h"
#include "train/run.h"
#include "train/training.h"

namespace orthrus::testing {

class Run : public ::testing::Test {
 protected:
  void SetUp() override {
    const Model model = tiny_model();
    start_from(model);
    request_.model = (folder_.path() / "start").string();
    request_.end_epoch = 1;
    request_.tasks = model.tasks;
    request_.preprocessing = model.preprocessing;
    request_.train = {{.files = {kPictures / "train.lst", kPictures}}};
    request_.validation = {kPictures / "val.lst", kPictures};
    request_.loader.batch_size = 8;
    request_.mxnet_name = "tiny";
  }

  void start_from(const Model& model) {
    mxnet::save_checkpoint((folder_.path() / "start").string(), 0, model.graph, model.parameters);
  }
  std::filesystem::path write_list(const std::string& text, const std::string& name = "some.lst") {
    const std::filesystem::path path = folder_.path() / name;
    write_file(path, text);
    return path;
  }
  std::string refusal() {
    return refusal_of([&] { train(); });
  }
  void train() {
    RunFolder run(out_);
    run_training(request_, run, *backend_, observer_);
  }

  TemporaryFolder folder_;
  std::filesystem::path out_ = folder_.path() / "out";
  TrainRequest request_;
  std::unique_ptr<Backend> backend_ = make_ref_backend();
  RecordingObserver observer_;
};

}  // namespace orthrus::testing
