// ListEntries: the pictures of a list, a few million of them, in a few flat arrays: 20 bytes a
// picture, 4 for each label column and the path's own characters. It looks like a vector whose
// elements are made when they are asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orthrus {

// One picture, looking into the ListEntries it came from.
struct ListEntry {
  int64_t index = 0;
  std::span<const float> labels;  // one per label column; NaN: missing
  std::string_view path;          // relative to the image folder, or absolute
  int line = 0;                   // in the list file, from 1; 0: made by a program
};

// One picture to be added.
struct NewListEntry {
  int64_t index = 0;
  std::vector<float> labels = {};
  std::string path = {};
  int line = 0;
};

class ListEntries {
 public:
  class Iterator {
   public:
    Iterator(const ListEntries& entries, size_t at) : entries_(&entries), at_(at) {}
    ListEntry operator*() const { return (*entries_)[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const ListEntries* entries_;
    size_t at_;
  };

  ListEntries() = default;
  ListEntries(std::initializer_list<NewListEntry> entries) {
    for (const NewListEntry& entry : entries) push_back(entry);
  }

  [[nodiscard]] size_t size() const { return indexes_.size(); }
  [[nodiscard]] bool empty() const { return indexes_.empty(); }
  [[nodiscard]] ListEntry operator[](size_t position) const;
  [[nodiscard]] Iterator begin() const { return {*this, 0}; }
  [[nodiscard]] Iterator end() const { return {*this, size()}; }
  // Of every entry; 0 while there is none.
  [[nodiscard]] size_t label_columns() const { return columns_; }
  [[nodiscard]] std::span<const int64_t> indexes() const { return indexes_; }

  // Throws kInternal for another number of labels than the entries before have.
  void push_back(const NewListEntry& entry) {
    add(entry.index, entry.labels, entry.path, entry.line);
  }
  void add(int64_t index, std::span<const float> labels, std::string_view path, int line);
  void set_label(size_t position, size_t column, float label);
  // Replaces the labels of all entries: (entries, columns) values in row-major order. Throws
  // kInternal for another number of values.
  void replace_labels(size_t columns, std::vector<float> labels);
  // Room for so many entries with paths of so many characters together; a guess is fine, as pages
  // that nobody writes to cost no memory.
  void reserve(size_t entries, size_t path_bytes, size_t label_columns);
  // The first `count` entries.
  void truncate(size_t count);
  // Leaves those whose place in `keep` is true, in their order.
  void filter(const std::vector<bool>& keep);

 private:
  // Entries from `position` on stand in consecutive lines from `line` on.
  struct Run {
    size_t position;
    int line;
  };
  [[nodiscard]] int line_of(size_t position) const;

  size_t columns_ = 0;
  std::vector<int64_t> indexes_;
  std::vector<float> labels_;       // (entries, columns_)
  std::vector<uint64_t> path_end_;  // in paths_
  std::string paths_;
  std::vector<Run> runs_;
};

}  // namespace orthrus
