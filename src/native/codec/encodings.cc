// Valid UTF-8 in other encodings: see encodings.h.

#include "encodings.h"

#include <cstdint>

#include "scan.h"
#include "utf8.h"

namespace cloaca {

Repertoire repertoire_of(std::string_view utf8) {
  // The first byte of a character outside of Latin-1 is its smallest.
  constexpr unsigned char kLastLeadOfLatin1 = 0xc3;
  const unsigned char largest = largest_byte(utf8);
  if (largest < 0x80) return Repertoire::ascii;
  return largest <= kLastLeadOfLatin1 ? Repertoire::latin1 : Repertoire::unicode;
}

size_t write_latin1(std::string_view utf8, char* out) {
  const char* const begin = out;
  const char* at = utf8.data();
  const char* const end = at + utf8.size();
  while (at != end) {
    at = copy_ascii(at, end, out);
    while (at != end && is_beyond_ascii(*at)) *out++ = static_cast<char>(read_utf8(at));
  }
  return static_cast<size_t>(out - begin);
}

size_t write_utf16(std::string_view utf8, char16_t* out) {
  const char16_t* const begin = out;
  const char* at = utf8.data();
  const char* const end = at + utf8.size();
  while (at != end) {
    at = copy_ascii(at, end, out);
    while (at != end && is_beyond_ascii(*at)) {
      const uint32_t code_point = read_utf8(at);
      if (code_point < 0x10000) {
        *out++ = static_cast<char16_t>(code_point);
      } else {
        *out++ = static_cast<char16_t>(0xd7c0 + (code_point >> 10));
        *out++ = static_cast<char16_t>(0xdc00 | (code_point & 0x3ff));
      }
    }
  }
  return static_cast<size_t>(out - begin);
}

}  // namespace cloaca
