// Tables of pictures: CSV or TSV with a header that names the columns. One column holds the path
// (named path, file, filename or image), one may hold the index (named index, or nothing, as pandas
// writes it), all others are labels in their order. A label column holds numbers, or texts that
// become classes in sorted order; an empty cell and `nan` are a missing label. Fields may be quoted
// as in RFC 4180.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string_view>
#include <vector>

#include "data/list.h"

namespace orthrus {

// Whether a file's first line is the header of such a table.
[[nodiscard]] bool looks_like_table(std::string_view first_line);

// `expected`: the columns of data read before, whose names texts are matched with, so that
// validation counts its classes as training does; may be empty. Throws kInput as read_list does,
// also for a column that mixes numbers and texts, for a text that is no expected class, and for
// other column names than expected, unless the table `may_lack_columns`.
[[nodiscard]] ImageList read_table(const std::filesystem::path& path,
                                   const std::vector<LabelColumn>& expected = {},
                                   bool may_lack_columns = false);
[[nodiscard]] ImageList parse_table(std::istream& text, const std::filesystem::path& origin,
                                    const std::vector<LabelColumn>& expected = {},
                                    bool may_lack_columns = false);

}  // namespace orthrus
