#include "exec/host_values.h"

namespace orthrus {

HostValues::HostValues(const Program& program, Device& device)
    : program_(program), device_(device) {
  for (const auto& [name, buffer] : program.inputs) sent_.push_back(buffer);
  outputs_ = program.outputs;
  for (const auto& [name, buffer] : program.kept) outputs_.push_back(buffer);
  for (const int buffer : program.output_gradients) {
    if (buffer != kNoBuffer) gradients_in_.push_back(buffer);
  }
  for (const auto& [name, buffer] : program.input_gradients) gradients_out_.push_back(buffer);
  for (const std::vector<int>* list : {&sent_, &outputs_, &gradients_in_, &gradients_out_}) {
    for (const int buffer : *list) add(buffer);
  }
}

void HostValues::add(int buffer) {
  const Buffer& root = program_.buffers[at(root_of(program_, buffer))];
  const size_t size_bytes = program_.buffers[at(buffer)].desc.size_bytes;
  values_[buffer] = {.copy = device_.make_host_copy(root.address, size_bytes),
                     .written = true,  // zeros, as the buffer has
                     .read_backward = root.last_step >= program_.first_backward_step};
}

std::span<std::byte> HostValues::to_write(int buffer) {
  Value& value = values_.at(buffer);
  value.copy->wait();
  value.written = true;
  return value.copy->bytes();
}

std::span<const std::byte> HostValues::to_read(int buffer) {
  Value& value = values_.at(buffer);
  value.copy->wait();
  forward_is_done_ = true;
  return value.copy->bytes();
}

void HostValues::send(Value& value, bool beside) {
  if (!value.written) return;
  value.copy->send(beside);
  value.written = false;
}

void HostValues::send_inputs() {
  // What is still running then is backward.
  for (const int buffer : sent_) {
    Value& value = values_.at(buffer);
    send(value, forward_is_done_ && !value.read_backward);
  }
  forward_is_done_ = false;
}

void HostValues::send_gradients() {
  for (const int buffer : gradients_in_) send(values_.at(buffer), false);
  for (const int buffer : sent_) send(values_.at(buffer), false);
}

void HostValues::fetch_outputs() {
  for (const int buffer : outputs_) values_.at(buffer).copy->fetch();
}

void HostValues::fetch_gradients() {
  for (const int buffer : gradients_out_) values_.at(buffer).copy->fetch();
}

}  // namespace orthrus
