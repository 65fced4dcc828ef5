#include "data/check.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "base/error.h"

namespace orthrus {

namespace {

Spread spread_of(std::vector<int64_t> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  return {values.front(), values[values.size() / 2], values.back()};
}

SetReport report_of(const ImageList& list, const std::vector<PictureFacts>& facts) {
  SetReport report{.pictures = facts.size()};
  std::vector<int64_t> widths, heights;
  for (const PictureFacts& picture : facts) {
    if (!picture.usable) continue;
    const ImageInfo& info = picture.info;
    widths.push_back(info.width);
    heights.push_back(info.height);
    const std::string depth = info.bits == 8 ? "" : fmt::format(" of {} bits", info.bits);
    ++report.formats[fmt::format("{}, {} channel{}{}", format_name(info.format), info.channels,
                                 info.channels == 1 ? "" : "s", depth)];
    if (info.orientation != 1) ++report.turned;
  }
  report.width = spread_of(std::move(widths));
  report.height = spread_of(std::move(heights));
  report.labels = count_columns(list);
  return report;
}

// Appends the set's bad pictures, in the list's order.
void find_bad(size_t set, const ImageList& list, const Inspection& inspection,
              const CheckOptions& options, std::vector<BadPicture>& bad) {
  for (size_t position = 0; position < inspection.facts.size(); ++position) {
    const PictureFacts& picture = inspection.facts[position];
    const auto add = [&](Badness badness, std::string reason) {
      bad.push_back({set, position, badness, std::move(reason)});
    };
    const std::span<const float> labels = list.entries[position].labels;
    if (!picture.usable) {
      add(picture.missing ? Badness::kMissing : Badness::kUnreadable,
          inspection.problems.at(position));
    } else if (std::min(picture.info.width, picture.info.height) < options.tiny_edge) {
      add(Badness::kTiny, fmt::format("{}x{} pixels", picture.info.width, picture.info.height));
    } else if (options.classes > 0 && options.class_column < labels.size() &&
               out_of_range(labels[options.class_column], options.classes)) {
      add(Badness::kLabel, fmt::format("label {} is none of 0 to {}", labels[options.class_column],
                                       options.classes - 1));
    }
  }
}

std::vector<CheckedGroup> placed(const std::vector<DuplicateGroup>& groups, size_t first_set_size) {
  std::vector<CheckedGroup> result;
  for (const DuplicateGroup& group : groups) {
    CheckedGroup& members = result.emplace_back();
    for (const size_t at : group) {
      const bool second = at >= first_set_size;
      members.push_back({second ? size_t{1} : size_t{0}, second ? at - first_set_size : at});
    }
  }
  return result;
}

}  // namespace

size_t CheckReport::count(Badness badness) const {
  return static_cast<size_t>(std::ranges::count(bad, badness, &BadPicture::badness));
}

bool across(const CheckedGroup& group) {
  return std::ranges::any_of(
      group, [&](const CheckedPicture& member) { return member.set != group.front().set; });
}

std::string labels_text(const ImageList& list, size_t position) {
  const std::span<const float> labels = list.entries[position].labels;
  std::vector<std::string> texts;
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto classes = i < list.columns.size()
                             ? std::span<const std::string>(list.columns[i].classes)
                             : std::span<const std::string>();
    const bool named = labels[i] >= 0 && labels[i] < static_cast<float>(classes.size());
    texts.push_back(std::isnan(labels[i]) ? "-"
                    : named               ? classes[static_cast<size_t>(labels[i])]
                                          : fmt::format("{}", labels[i]));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

bool labels_differ(const std::vector<SharedPictures>& sets, const CheckedGroup& group) {
  const auto text_of = [&](const CheckedPicture& picture) {
    return labels_text(sets[picture.set]->list(), picture.position);
  };
  const std::string first = text_of(group.front());
  return std::ranges::any_of(
      group, [&](const CheckedPicture& picture) { return text_of(picture) != first; });
}

CheckReport check_pictures(const std::vector<SharedPictures>& sets, const CheckOptions& options,
                           const std::function<void(int64_t)>& after) {
  CheckReport report;
  std::vector<PictureFacts> all;
  size_t first_set_size = 0;
  for (size_t set = 0; set < sets.size(); ++set) {
    Inspection inspection = inspect_pictures(*sets[set], options.limits, after);
    const ImageList& list = sets[set]->list();
    report.sets.push_back(report_of(list, inspection.facts));
    find_bad(set, list, inspection, options, report.bad);
    if (set == 0) first_set_size = inspection.facts.size();
    std::ranges::move(inspection.facts, std::back_inserter(all));
  }
  const Duplicates duplicates = find_duplicates(all);
  report.exact = placed(duplicates.exact, first_set_size);
  report.near = placed(duplicates.near, first_set_size);
  return report;
}

}  // namespace orthrus
