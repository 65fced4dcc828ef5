// LabelExpression: arithmetic over one number, `label`, as the rules of tasks use it: "label > 0",
// "label % 10", "label < 3 ? 0 : 1". muParser reads and computes it; this file is the only one that
// knows. Operators: + - * / % ^ == != < <= > >= && || ! ?: and parentheses; functions such as abs,
// rint, min, max. A comparison gives 1 or 0.
#pragma once

#include <memory>
#include <string>

namespace orthrus {

class LabelExpression {
 public:
  // Throws kUsage with the place in the text when it cannot be read.
  explicit LabelExpression(const std::string& text);
  ~LabelExpression();
  LabelExpression(LabelExpression&&) noexcept;
  LabelExpression& operator=(LabelExpression&&) noexcept;

  // NaN where it has no finite value.
  [[nodiscard]] double operator()(double label) const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace orthrus
