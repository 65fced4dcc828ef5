// The option mechanism: every option is declared once (OptionSpec), folders hand out lists of them,
// the command line joins these into one OptionTable per subcommand, and parsing
// (base/options_parse.h), help, the documentation page and a run's config.toml
// (base/options_text.h) all come from the table. It does not know any option by name.
//
//   std::vector<OptionSpec> optimizer_options() {   // in the folder's options.h and options.cc
//     return {{.key = "optimizer.lr", .flag = "--lr", .type = OptionType::kReal,
//              .default_text = "0.001", .min = 0, .help = "Learning rate.", .group = "Optimizer"}};
//   }
//   OptionTable table;  table.add(optimizer_options());
//   ...  options.real("optimizer.lr")
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orthrus {

enum class OptionType {
  kInteger,  // 64-bit
  kReal,     // finite double
  kText,
  kBoolean,  // `--flag` alone is on, `--no-flag` off; values on|off, true|false, yes|no, 1|0
  kChoice,   // one of `choices`
  kList,     // texts; commas separate on the command line, repeated flags append; an array in TOML
  kTable,    // named lists of texts, in order: a table of arrays in TOML, and nowhere else
};

struct OptionSpec {
  std::string key = {};  // "optimizer.lr": the path in a TOML file; letters, digits, '_' and dots
  std::vector<std::string> key_aliases = {};  // other keys for it, never written
  std::string flag = {};                      // "--lr"; empty: only by file, environment or --set
  std::vector<std::string> aliases = {};      // other spellings of the flag, shown in the help
  std::vector<std::string> hidden_aliases = {};  // accepted, never shown
  OptionType type = OptionType::kText;
  std::string default_text = {};  // empty: unset (see Options::has)
  // Bounds of a number, both included.
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  // kChoice: the allowed values. kInteger, kReal: words accepted besides numbers, such as "auto".
  std::vector<std::string> choices = {};
  std::string value_name = {};  // in the help; empty: by type (N, X, TEXT, ...)
  std::string help = {};        // one sentence, or a few short ones
  std::string value_hint = {};  // kChoice: for a value that is none of them, instead of a guess
  std::string group = {};       // heading in the help
  // Another value changes neither the results of the work nor what it is about: a continued
  // training may have another one.
  bool incidental = false;
};

// A repeated table of the TOML file ([[task]]) whose entries follow a table of their own.
struct OptionSection;

// Ordered list of options. add() throws kInternal for a key, flag or environment name declared
// twice and for a default that its own declaration does not allow.
class OptionTable {
 public:
  void add(OptionSpec spec);
  void add(const std::vector<OptionSpec>& specs);
  void add_section(std::string name, const OptionTable& table);

  [[nodiscard]] std::span<const OptionSpec> specs() const { return specs_; }
  [[nodiscard]] const OptionSpec* find_key(std::string_view key) const;
  [[nodiscard]] std::span<const OptionSection> sections() const;

  // The spec that a flag or alias on the command line names; `negated` is set for --no-<flag>.
  [[nodiscard]] const OptionSpec* find_flag(std::string_view flag, bool& negated) const;
  // What may be meant by a key that there is not: an option whose flag or last part is called so,
  // else the nearest keys and sections. Empty when nothing is near.
  [[nodiscard]] std::string suggest_key(const std::string& key) const;
  // All names for suggestions, without the hidden ones.
  [[nodiscard]] std::vector<std::string> keys() const;
  [[nodiscard]] std::vector<std::string> flags() const;

 private:
  std::vector<OptionSpec> specs_;
  std::vector<OptionSection> sections_;
  std::map<std::string, size_t, std::less<>> by_key_;
  std::map<std::string, size_t, std::less<>> by_flag_;
  std::map<std::string, size_t, std::less<>> by_environment_;
};

struct OptionSection {
  std::string name;
  OptionTable table;
};

// Names under which the environment may set an option: dots as "__" and as "_", in this order.
[[nodiscard]] std::vector<std::string> environment_names(std::string_view key);

enum class OptionOrigin { kDefault, kFile, kEnvironment, kFlag, kResolved };

struct NamedList {
  std::string name;
  std::vector<std::string> values;
};
// How Options::set() takes an entry of a kTable: as one text.
[[nodiscard]] std::string packed(const NamedList& list);

// The values of one subcommand's options. Every getter throws kInternal for a key that is not in
// the table, or that is of another type.
class Options {
 public:
  // Everything at its default.
  explicit Options(OptionTable table);

  // False: unset, that is an empty text or list, or a number without default that nobody gave.
  [[nodiscard]] bool has(std::string_view key) const;
  // A number; kInternal when it is unset or a word: ask has() or text() before.
  [[nodiscard]] int64_t integer(std::string_view key) const;
  [[nodiscard]] double real(std::string_view key) const;  // of an integer too
  [[nodiscard]] bool boolean(std::string_view key) const;
  // The value as text, whatever the type; booleans as "on" and "off", lists joined by commas.
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] const std::vector<std::string>& list(std::string_view key) const;
  // Entries of a kTable, in the file's order.
  [[nodiscard]] std::vector<NamedList> table(std::string_view key) const;

  [[nodiscard]] OptionOrigin origin(std::string_view key) const;
  // True when a file, the environment or a flag gave the value.
  [[nodiscard]] bool given(std::string_view key) const;
  // Where the value comes from, for the beginning of messages: "--lr", "flowers.toml:3:
  // optimizer.lr", "ORTHRUS_OPTIMIZER_LR", or for a default the flag.
  [[nodiscard]] std::string where(std::string_view key) const;

  // The file of options that the command was given; empty where there is none.
  [[nodiscard]] const std::filesystem::path& config_file() const { return config_file_; }
  void set_config_file(std::filesystem::path file) { config_file_ = std::move(file); }

  [[nodiscard]] const std::vector<std::string>& positionals() const { return positionals_; }
  // Entries of a repeated section, in the file's order; kInternal for an undeclared one.
  [[nodiscard]] std::span<const Options> section(std::string_view name) const;
  [[nodiscard]] const OptionTable& table() const { return table_; }
  // Where this entry of a section begins, "flowers.toml:7: [[task]]"; empty for anything else.
  [[nodiscard]] const std::string& entry_where() const { return entry_where_; }

  // Sets a value after checking it: kUsage with `where` at the beginning when the declaration does
  // not allow it. `append` adds to a list.
  void set(std::string_view key, const std::vector<std::string>& values, OptionOrigin origin,
           const std::string& where, bool append = false);
  // The value that an "auto" or an unset option turned out to be; config.toml then holds it.
  void resolve(std::string_view key, const std::string& value);
  void add_positional(std::string value) { positionals_.push_back(std::move(value)); }
  Options& add_section_entry(std::string_view name, std::string where = {});
  // Puts entries in the place of those that are there.
  void replace_section(std::string_view name, std::span<const Options> entries);

 private:
  struct Value {
    std::vector<std::string> texts;  // one, but for lists; canonical
    OptionOrigin origin = OptionOrigin::kDefault;
    std::string where;
  };
  [[nodiscard]] const OptionSpec& spec(std::string_view key) const;
  [[nodiscard]] const Value& value(std::string_view key) const;
  [[nodiscard]] const Value& value(std::string_view key, OptionType type) const;

  OptionTable table_;
  std::map<std::string, Value, std::less<>> values_;
  std::map<std::string, std::vector<Options>, std::less<>> sections_;
  std::vector<std::string> positionals_;
  std::string entry_where_;
  std::filesystem::path config_file_;
};

// What a declaration allows, for messages and the help: "a whole number in [1, 1024] or 'auto'".
[[nodiscard]] std::string expected_text(const OptionSpec& spec);

}  // namespace orthrus
