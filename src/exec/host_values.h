// HostValues: those buffers of a program that its user writes or reads (inputs, outputs, kept
// values, gradients that were asked for), as the processor sees them, and when they are brought to
// the device and back. Where the device is the processor these are the buffers themselves.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "exec/program.h"

namespace orthrus {

class HostValues {
 public:
  // Of a program whose buffers have addresses; keeps references.
  HostValues(const Program& program, Device& device);

  // To be written: sent with the next send_inputs() or send_gradients().
  [[nodiscard]] std::span<std::byte> to_write(int buffer);
  // Of what was fetched last; waits for it.
  [[nodiscard]] std::span<const std::byte> to_read(int buffer);

  // Before forward and before backward.
  void send_inputs();
  void send_gradients();
  // After forward: outputs and kept values; after backward: gradients of inputs.
  void fetch_outputs();
  void fetch_gradients();

 private:
  struct Value {
    std::unique_ptr<HostCopy> copy;
    bool written = false;        // since it was sent
    bool read_backward = false;  // by steps of backward
  };
  void add(int buffer);
  void send(Value& value, bool beside);

  const Program& program_;
  Device& device_;
  std::map<int, Value> values_;      // by buffer
  std::vector<int> sent_, outputs_;  // inputs; outputs and kept values
  std::vector<int> gradients_in_, gradients_out_;
  bool forward_is_done_ = true;  // an output of the last forward was waited for
};

}  // namespace orthrus
