// A list whose images lie in a RecordIO file: each entry gets the record whose index it has, and no
// entry gets the record of another image. What speaks against a pairing is looked at before
// anything is read: indexes that stand for two images, the labels that the records hold, and the
// list that was written beside the .rec file.
#pragma once

#include <filesystem>

#include "data/list.h"
#include "data/pictures.h"

namespace orthrus {

// Throws kInput where one index stands for two lines that differ, or is negative. Called before
// entries are left out, since a .rec file packed from such a list has other numbers.
void refuse_index_clash(const ImageList& list, const std::filesystem::path& records);

// The images of `list`, with its labels. Throws kInput for an index that no record has or that
// several different ones have, for a .rec file whose indexes are ambiguous, and for a list that is
// another dataset's: paths that PREFIX.lst beside the .rec gives other indexes, or labels that have
// nothing to do with the records'. Labels that merely differ are a warning of the list.
[[nodiscard]] std::shared_ptr<Pictures> match_records(ImageList list,
                                                      const std::filesystem::path& records);

}  // namespace orthrus
