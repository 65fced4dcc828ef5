#include "model/foreign_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/file.h"

namespace orthrus {
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

constexpr size_t kLookedThrough = size_t{256} << 10;  // bytes

// The file's beginning, and its ending in lower case.
struct Start {
  std::string_view bytes;
  std::string ending;

  [[nodiscard]] bool begins(std::string_view text) const { return bytes.starts_with(text); }
  [[nodiscard]] bool has(std::string_view text) const { return bytes.find(text) != bytes.npos; }
  // The byte at a place, or -1.
  [[nodiscard]] int at(size_t place) const {
    return place < bytes.size() ? static_cast<unsigned char>(bytes[place]) : -1;
  }
};

bool is_zip(const Start& start) {
  return start.begins("PK\x03\x04");
}

// Opcode PROTO, versions 2 to 5, and what a pickled state dict, module or tensor begins with.
bool is_pickle(const Start& start) {
  return start.at(0) == 0x80 && start.at(1) >= 2 && start.at(1) <= 5;
}

// A message of protobuf whose first field is the version of the form (varint) and whose second is
// text: onnx.proto, ModelProto (ir_version, producer_name or graph).
bool is_onnx(const Start& start) {
  if (start.at(0) != 0x08 || start.at(1) < 1 || start.at(1) > 30) return false;
  if (start.at(2) == 0x3a) return true;
  const int length = start.at(3);
  if (start.at(2) != 0x12 || length < 0 || length > 100) return false;
  const std::string_view name = start.bytes.substr(4, static_cast<size_t>(length));
  return name.size() == static_cast<size_t>(length) &&
         std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~'; });
}

// saved_model.proto: version 1, then a MetaGraphDef; or a frozen GraphDef, which begins with a
// node.
bool is_tensorflow(const Start& start) {
  if (start.at(0) == 0x08 && start.at(1) == 1 && start.at(2) == 0x12) return true;
  return start.at(0) == 0x0a && start.ending == ".pb";
}

constexpr auto kFromPython =
    "convert it in Python: import torch; from safetensors.torch import save_file; "
    "state = torch.load('{0}', map_location='cpu', weights_only=True); "
    "save_file({{k: v.contiguous() for k, v in state.get('state_dict', state).items()}}, "
    "'{1}.safetensors')";
constexpr auto kFromScript =
    "convert it in Python: import torch; from safetensors.torch import save_file; "
    "save_file(dict(torch.jit.load('{0}', map_location='cpu').state_dict()), '{1}.safetensors')";
constexpr auto kFromSource =
    "take the weights that it was exported from: in Python, "
    "safetensors.torch.save_file(model.state_dict(), '{1}.safetensors') of a PyTorch ResNet";
constexpr auto kFromKeras =
    "weights of Keras and TensorFlow are not read: take the same network from torchvision or timm "
    "as "
    ".safetensors, or a built-in one";
constexpr auto kFromYolo =
    "networks of Ultralytics are not supported: take a ResNet from torchvision or timm as "
    ".safetensors";

struct Form {
  bool (*matches)(const Start& start);
  const char* what;
  const char* hint;  // {0}: the path, {1}: the path without its ending
};

// The first that matches counts.
constexpr std::array kForms = {
    Form{[](const Start& s) { return s.bytes.empty(); }, "an empty file", ""},
    Form{[](const Start& s) { return (is_zip(s) || is_pickle(s)) && s.has("ultralytics"); },
         "a checkpoint of Ultralytics (YOLO)", kFromYolo},
    Form{[](const Start& s) {
           return is_zip(s) && (s.has("constants.pkl") || s.has("/code/__torch__"));
         },
         "a TorchScript archive", kFromScript},
    Form{[](const Start& s) {
           return is_zip(s) && (s.has("model.weights.h5") || s.ending == ".keras");
         },
         "a Keras model (.keras)", kFromKeras},
    Form{[](const Start& s) { return is_zip(s) && (s.has(".npy") || s.ending == ".npz"); },
         "an archive of NumPy arrays (.npz)",
         "save the arrays under PyTorch's names with "
         "safetensors.numpy.save_file"},
    Form{[](const Start& s) {
           return is_zip(s) && (s.has("data.pkl") || s.ending == ".pth" || s.ending == ".pt" ||
                                s.ending == ".bin" || s.ending == ".ckpt");
         },
         "a PyTorch checkpoint (a zip archive with a pickle, which may run code)", kFromPython},
    Form{is_zip, "a zip archive", "unpack it, and name the model file in it"},
    Form{is_pickle, "a pickle, such as an older PyTorch checkpoint (it may run code)", kFromPython},
    Form{[](const Start& s) { return s.begins("\x89HDF\r\n\x1a\n"); },
         "an HDF5 file, such as a Keras model (.h5)", kFromKeras},
    Form{[](const Start& s) { return s.bytes.substr(0, 8).ends_with("TFL3"); },
         "a TensorFlow Lite model", kFromKeras},
    Form{is_tensorflow, "a TensorFlow graph (.pb)", kFromKeras},
    Form{is_onnx, "an ONNX model", kFromSource},
    Form{[](const Start& s) { return s.begins("GGUF"); }, "a GGUF file of a language model", ""},
    Form{[](const Start& s) { return s.begins("\x93NUMPY"); }, "a NumPy array (.npy)", ""},
    Form{[](const Start& s) { return s.begins("version https://git-lfs"); },
         "a Git LFS pointer, not the file itself", "get the file with git lfs pull"},
    Form{[](const Start& s) { return s.begins("\x1f\x8b"); }, "a gzip archive", "unpack it first"},
    Form{[](const Start& s) { return s.bytes.substr(0, 262).ends_with("ustar"); }, "a tar archive",
         "unpack it, and name the model file in it"},
    Form{[](const Start& s) {
           return s.begins("<!DOCTYPE html") || s.begins("<!doctype html") || s.begins("<html") ||
                  s.begins("<HTML");
         },
         "a web page, as a failed download leaves it", "download the file again"},
};

constexpr std::array kPickledWeights = {"pytorch_model.bin", "model.pt", "model.pth"};

}  // namespace

std::optional<ForeignFile> recognise_foreign_file(const fs::path& path) {
  const std::vector<std::byte> bytes = read_prefix(path, kLookedThrough);
  Start start{.bytes = {reinterpret_cast<const char*>(bytes.data()), bytes.size()},
              .ending = path.extension().string()};
  std::ranges::transform(start.ending, start.ending.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  for (const Form& form : kForms) {
    if (!form.matches(start)) continue;
    return ForeignFile{form.what, fmt::format(fmt::runtime(form.hint), path.string(),
                                              fs::path(path).replace_extension().string())};
  }
  return std::nullopt;
}

std::optional<ForeignFile> recognise_foreign_folder(const fs::path& folder) {
  std::error_code ignored;
  if (fs::is_regular_file(folder / "saved_model.pb", ignored)) {
    return ForeignFile{"a TensorFlow SavedModel", kFromKeras};
  }
  for (const char* name : kPickledWeights) {
    if (!fs::is_regular_file(folder / name, ignored)) continue;
    return ForeignFile{fmt::format("a folder with PyTorch weights ({})", name),
                       recognise_foreign_file(folder / name).value_or(ForeignFile{}).hint};
  }
  if (fs::is_regular_file(folder / "model.safetensors.index.json", ignored)) {
    return ForeignFile{"a Hugging Face model in several files", "join them into one .safetensors"};
  }
  return std::nullopt;
}

}  // namespace orthrus
