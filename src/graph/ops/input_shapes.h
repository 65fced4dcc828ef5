// What a shape rule works on: the shapes of a node's inputs, some of them still unknown.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/shape.h"

namespace orthrus {

class InputShapes {
 public:
  InputShapes(std::vector<std::optional<Shape>> shapes, std::vector<std::string> names)
      : shapes_(std::move(shapes)), names_(std::move(names)) {}

  [[nodiscard]] int count() const { return static_cast<int>(shapes_.size()); }
  // The known shape of input `index`; throws kInput when it is unknown.
  [[nodiscard]] const Shape& known(int index) const;
  // The same, of exactly `rank` dimensions (throws kInput otherwise).
  [[nodiscard]] const Shape& known(int index, int rank) const;
  // States what input `index` must be: fills an unknown shape, throws kInput on a different one.
  void expect(int index, const Shape& shape);

  [[nodiscard]] const std::vector<std::optional<Shape>>& shapes() const { return shapes_; }

 private:
  std::vector<std::optional<Shape>> shapes_;
  std::vector<std::string> names_;  // "data", "weight", ... for messages
};

}  // namespace orthrus
