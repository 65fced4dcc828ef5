#include "tasks/expression.h"

#include <muParser.h>

#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/suggest.h"

namespace orthrus {
namespace {

double remainder_of(double a, double b) {
  return std::fmod(a, b);
}
double negation_of(double a) {
  return a == 0 ? 1 : 0;
}

void define_operators(mu::Parser& parser) {
  parser.DefineOprt("%", remainder_of, mu::prMUL_DIV);
  parser.DefineInfixOprt("!", negation_of);
}

Error unreadable(const std::string& text, const mu::ParserError& error) {
  std::string hint =
      "write an expression of 'label', for example: label > 0, label % 10, label < 3 ? 0 : 1";
  if (error.GetCode() == mu::ecUNASSIGNABLE_TOKEN) {
    const std::string near = did_you_mean(error.GetToken(), std::vector<std::string>{"label"});
    if (!near.empty()) hint = near;
  }
  if (text.find('=') != std::string::npos && error.GetToken() == "=") hint = "== compares";
  return usage_error("cannot read the expression '{}' at character {}: {}", text,
                     error.GetPos() + 1, error.GetMsg())
      .with_hint(std::move(hint));
}

// With a constant instead of a variable, an assignment ("label = 0") is an error and not a change
// of the label.
void check(const std::string& text) {
  mu::Parser parser;
  define_operators(parser);
  parser.DefineConst("label", 1);
  parser.SetExpr(text);
  int results = 0;
  parser.Eval(results);
  if (results != 1) {
    throw usage_error("the expression '{}' has {} values, expected one", text, results)
        .with_hint("a comma separates two expressions; && and || join conditions");
  }
}

}  // namespace

struct LabelExpression::Parser {
  mu::Parser parser;
  double label = 0;
};

LabelExpression::LabelExpression(const std::string& text) : parser_(std::make_unique<Parser>()) {
  try {
    check(text);
    define_operators(parser_->parser);
    parser_->parser.DefineVar("label", &parser_->label);
    parser_->parser.SetExpr(text);
    parser_->parser.Eval();
  } catch (const mu::ParserError& error) {
    throw unreadable(text, error);
  }
}

LabelExpression::~LabelExpression() = default;
LabelExpression::LabelExpression(LabelExpression&&) noexcept = default;
LabelExpression& LabelExpression::operator=(LabelExpression&&) noexcept = default;

double LabelExpression::operator()(double label) const {
  parser_->label = label;
  try {
    const double value = parser_->parser.Eval();
    return std::isfinite(value) ? value : std::numeric_limits<double>::quiet_NaN();
  } catch (const mu::ParserError&) {  // a function that has no value there
    return std::numeric_limits<double>::quiet_NaN();
  }
}

}  // namespace orthrus
