#include "data/similar_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace orthrus {

namespace {

// Letters that a mark makes of other letters; Unicode's canonical decompositions. A letter with two
// marks is made of one with one.
struct MarkedLetters {
  char32_t mark;
  std::u32string_view letters;
  std::u32string_view without;
};
constexpr auto kMarkedLetters = std::to_array<MarkedLetters>({
    {0x0300, U"ÀÈÌÒÙàèìòùǛǜǸǹЀЍѐѝḔḕṐṑẀẁẦầẰằỀềỒồỜờỪừỲỳ", U"AEIOUaeiouÜüNnЕИеиĒēŌōWwÂâĂăÊêÔôƠơƯưYy"},
    {0x0301,
     U"ÁÉÍÓÚÝáéíóúýĆćĹĺŃńŔŕŚśŹźǗǘǴǵǺǻǼǽǾǿ΅ΆΈΉΊΌΎΏΐάέήίΰόύώϓЃЌѓќḈḉḖḗḮḯḰḱḾḿṌṍṒṓṔṕṸṹẂẃẤấẮắẾếỐốỚớỨứ",
     U"AEIOUYaeiouyCcLlNnRrSsZzÜüGgÅåÆæØø¨ΑΕΗΙΟΥΩϊαεηιϋουωϒГКгкÇçĒēÏïKkMmÕõŌōPpŨũWwÂâĂăÊêÔôƠơƯư"},
    {0x0302, U"ÂÊÎÔÛâêîôûĈĉĜĝĤĥĴĵŜŝŴŵŶŷẐẑẬậỆệỘộ", U"AEIOUaeiouCcGgHhJjSsWwYyZzẠạẸẹỌọ"},
    {0x0303, U"ÃÑÕãñõĨĩŨũṼṽẪẫẴẵẼẽỄễỖỗỠỡỮữỸỹ", U"ANOanoIiUuVvÂâĂăEeÊêÔôƠơƯưYy"},
    {0x0304, U"ĀāĒēĪīŌōŪūǕǖǞǟǠǡǢǣǬǭȪȫȬȭȰȱȲȳӢӣӮӯḠḡḸḹṜṝ", U"AaEeIiOoUuÜüÄäȦȧÆæǪǫÖöÕõȮȯYyИиУуGgḶḷṚṛ"},
    {0x0306, U"ĂăĔĕĞğĬĭŎŏŬŭЎЙйўӁӂӐӑӖӗḜḝẶặ", U"AaEeGgIiOoUuУИиуЖжАаЕеȨȩẠạ"},
    {0x0307, U"ĊċĖėĠġİŻżȦȧȮȯḂḃḊḋḞḟḢḣṀṁṄṅṖṗṘṙṠṡṤṥṦṧṨṩṪṫẆẇẊẋẎẏẛ",
     U"CcEeGgIZzAaOoBbDdFfHhMmNnPpRrSsŚśŠšṢṣTtWwXxYyſ"},
    {0x0308, U"ÄËÏÖÜäëïöüÿŸΪΫϊϋϔЁЇёїӒӓӚӛӜӝӞӟӤӥӦӧӪӫӬӭӰӱӴӵӸӹḦḧṎṏṺṻẄẅẌẍẗ",
     U"AEIOUaeiouyYΙΥιυϒЕІеіАаӘәЖжЗзИиОоӨөЭэУуЧчЫыHhÕõŪūWwXxt"},
    {0x0309, U"ẢảẨẩẲẳẺẻỂểỈỉỎỏỔổỞởỦủỬửỶỷ", U"AaÂâĂăEeÊêIiOoÔôƠơUuƯưYy"},
    {0x030A, U"ÅåŮůẘẙ", U"AaUuwy"},
    {0x030B, U"ŐőŰűӲӳ", U"OoUuУу"},
    {0x030C, U"ČčĎďĚěĽľŇňŘřŠšŤťŽžǍǎǏǐǑǒǓǔǙǚǦǧǨǩǮǯǰȞȟ", U"CcDdEeLlNnRrSsTtZzAaIiOoUuÜüGgKkƷʒjHh"},
    {0x030F, U"ȀȁȄȅȈȉȌȍȐȑȔȕѶѷ", U"AaEeIiOoRrUuѴѵ"},
    {0x0311, U"ȂȃȆȇȊȋȎȏȒȓȖȗ", U"AaEeIiOoRrUu"},
    {0x031B, U"ƠơƯư", U"OoUu"},
    {0x0323, U"ḄḅḌḍḤḥḲḳḶḷṂṃṆṇṚṛṢṣṬṭṾṿẈẉẒẓẠạẸẹỊịỌọỢợỤụỰựỴỵ",
     U"BbDdHhKkLlMmNnRrSsTtVvWwZzAaEeIiOoƠơUuƯưYy"},
    {0x0324, U"Ṳṳ", U"Uu"},
    {0x0325, U"Ḁḁ", U"Aa"},
    {0x0326, U"ȘșȚț", U"SsTt"},
    {0x0327, U"ÇçĢģĶķĻļŅņŖŗŞşŢţȨȩḐḑḨḩ", U"CcGgKkLlNnRrSsTtEeDdHh"},
    {0x0328, U"ĄąĘęĮįŲųǪǫ", U"AaEeIiUuOo"},
    {0x032D, U"ḒḓḘḙḼḽṊṋṰṱṶṷ", U"DdEeLlNnTtUu"},
    {0x032E, U"Ḫḫ", U"Hh"},
    {0x0330, U"ḚḛḬḭṴṵ", U"EeIiUu"},
    {0x0331, U"ḆḇḎḏḴḵḺḻṈṉṞṟṮṯẔẕẖ", U"BbDdKkLlNnRrTtZzh"},
    {0x3099,
     U"がぎぐげござじずぜぞだぢづでどばびぶべぼゔゞガギグゲゴザジズゼゾダヂヅデドバビブベボヴヷヸヹ"
     U"ヺヾ",
     U"かきくけこさしすせそたちつてとはひふへほうゝカキクケコサシスセソタチツテトハヒフヘホウワヰヱ"
     U"ヲヽ"},
    {0x309A, U"ぱぴぷぺぽパピプペポ", U"はひふへほハヒフヘホ"},
});

// Lone bytes that are no UTF-8 become numbers beyond all characters.
constexpr char32_t kNoCharacter = 0x110000;

std::u32string characters_of(std::string_view text) {
  std::u32string characters;
  for (size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const size_t length = first < 0x80   ? 1
                          : first < 0xC0 ? 0
                          : first < 0xE0 ? 2
                          : first < 0xF0 ? 3
                                         : 4;
    char32_t character = length < 2 ? first : first & (0x7FU >> length);
    bool whole = length > 0 && i + length <= text.size();
    for (size_t k = 1; whole && k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      whole = (next & 0xC0) == 0x80;
      character = character << 6 | (next & 0x3FU);
    }
    characters += whole ? character : kNoCharacter + first;
    i += whole ? length : 1;
  }
  return characters;
}

// A syllable of Hangul is computed: The Unicode Standard, section 3.12.
bool decompose_syllable(char32_t character, std::u32string& result) {
  constexpr char32_t kFirst = 0xAC00, kSyllables = 11172, kVowels = 21, kTails = 28;
  if (character < kFirst || character >= kFirst + kSyllables) return false;
  const char32_t number = character - kFirst;
  result += 0x1100 + number / (kVowels * kTails);
  result += 0x1161 + number % (kVowels * kTails) / kTails;
  if (number % kTails != 0) result += 0x11A7 + number % kTails;
  return true;
}

void decompose(char32_t character, std::u32string& result) {
  if (decompose_syllable(character, result)) return;
  for (const MarkedLetters& row : kMarkedLetters) {
    const size_t place = row.letters.find(character);
    if (place == row.letters.npos) continue;
    decompose(row.without[place], result);
    result += row.mark;
    return;
  }
  result += character;
}

std::u32string decomposed(std::string_view text) {
  std::u32string result;
  for (const char32_t character : characters_of(text)) decompose(character, result);
  return result;
}

char32_t small_letter(char32_t c) {
  const auto within = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
  if (within('A', 'Z') || within(0x391, 0x3A9) || within(0x410, 0x42F)) return c + 0x20;
  return within(0x400, 0x40F) ? c + 0x50 : c;
}

std::string list_text(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += "'" + names[i] + "'";
  }
  return text;
}

}  // namespace

std::vector<std::string> similar_names(std::span<const std::string> names) {
  struct Group {
    std::vector<std::string> names;
    std::u32string form;  // of the first one
    bool same_form = true;
  };
  std::vector<Group> groups;
  std::map<std::u32string, size_t> group_of;
  for (const std::string& name : names) {
    const std::u32string form = decomposed(name);
    std::u32string key = form;
    std::ranges::transform(key, key.begin(), small_letter);
    const auto [found, first] = group_of.try_emplace(key, groups.size());
    if (first) groups.push_back({.names = {}, .form = form});
    Group& group = groups[found->second];
    if (std::ranges::find(group.names, name) != group.names.end()) continue;
    group.names.push_back(name);
    group.same_form = group.same_form && group.form == form;
  }
  std::vector<std::string> lines;
  for (const Group& group : groups) {
    if (group.names.size() < 2) continue;
    lines.push_back(fmt::format("{} differ by {} only", list_text(group.names),
                                group.same_form ? "the Unicode form of their letters" : "case"));
  }
  return lines;
}

}  // namespace orthrus
