#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "base/file.h"
#include "formats/mxnet/names.h"
#include "formats/mxnet/params.h"
#include "formats/mxnet/params_format.h"

namespace orthrus::mxnet {

namespace {

template <typename T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::string array_header(const std::string& name, const Tensor& tensor) {
  if (tensor.empty() || tensor.shape().rank() == 0) {
    throw input_error("array '{}' has no dimensions, which a .params file cannot hold", name);
  }
  const auto flag = std::ranges::find(kTypeByFlag, tensor.dtype()) - kTypeByFlag.begin();
  std::string header;
  append(header, kArrayV2);
  append(header, int32_t{0});  // dense
  append(header, int32_t{tensor.shape().rank()});
  for (const int64_t dim : tensor.shape().dims()) append(header, dim);
  append(header, int32_t{1});  // context: the CPU,
  append(header, int32_t{0});  // number 0
  append(header, static_cast<int32_t>(flag));
  return header;
}

}  // namespace

void write_params(const std::filesystem::path& path, const NamedTensors& arrays) {
  AtomicFile file(path);
  std::string head;
  append(head, kListMagic);
  append(head, uint64_t{0});
  append(head, static_cast<uint64_t>(arrays.size()));
  file.write(head);

  std::string names;
  append(names, static_cast<uint64_t>(arrays.size()));
  for (const auto& [name, tensor] : arrays) {
    check_name(name);
    file.write(array_header(name, tensor));
    file.write(tensor.bytes());
    append(names, static_cast<uint64_t>(name.size()));
    names += name;
  }
  file.write(names);
  file.commit();
}

}  // namespace orthrus::mxnet
