// Valid UTF-8 in the encodings in which JavaScript engines keep strings. Called by addon.cc for what it returns.
// Node-API would take UTF-8 too, but at a fraction of the speed when there is any character beyond ASCII (seen with Node 26).

#ifndef CLOACA_ENCODINGS_H_
#define CLOACA_ENCODINGS_H_

#include <cstddef>
#include <string_view>

namespace cloaca {

// All texts must lie in a JsonText or an Output, since bytes after them are read.
enum class Repertoire { ascii, latin1, unicode };

// The smallest repertoire that has all of the text's characters.
Repertoire repertoire_of(std::string_view utf8);

// How many units more than there are bytes must have room in `out`.
constexpr size_t kSpareUnits = 16;

// Write the text, and return the number of units that it took. The first must not be called for more than Latin-1.
size_t write_latin1(std::string_view utf8, char* out);
size_t write_utf16(std::string_view utf8, char16_t* out);

}  // namespace cloaca

#endif  // CLOACA_ENCODINGS_H_
