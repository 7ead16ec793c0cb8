// Converts valid UTF-8 to the encodings in which JavaScript engines keep strings. Called by addon.cc for its results.
// Node-API accepts UTF-8 too, but is much slower if there is any character outside of ASCII (seen with Node 26).

#ifndef CLOACA_ENCODINGS_H_
#define CLOACA_ENCODINGS_H_

#include <cstddef>
#include <string_view>

namespace cloaca {

// All texts must lie in a JsonText or an Output, since bytes after them are read.
enum class Repertoire { ascii, latin1, unicode };

Repertoire repertoire_of(std::string_view utf8);

// Number of additional units for which `out` must have room.
constexpr size_t kSpareUnits = 16;

// Write the text, and return the number of written units. The first function must not be called for more than Latin-1.
size_t write_latin1(std::string_view utf8, char* out);
size_t write_utf16(std::string_view utf8, char16_t* out);

}  // namespace cloaca

#endif  // CLOACA_ENCODINGS_H_
