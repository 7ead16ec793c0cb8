// UTF-8: checks sequences, and writes code points. Called by json_string.cc and refusal.cc.
// A sequence may be cut by the end of the text, because the zeros after a JsonText are not continuation bytes.

#ifndef CLOACA_UTF8_H_
#define CLOACA_UTF8_H_

#include <cstdint>

namespace cloaca {

inline bool is_beyond_ascii(char c) { return static_cast<signed char>(c) < 0; }

// Returns the length of the valid sequence outside of ASCII that begins at `at`; 0 if it is not valid.
// Implements the table of well-formed sequences in chapter 3 of the Unicode standard.
inline int utf8_sequence_length(const char* at) {
  const auto is_between = [](char c, unsigned low, unsigned high) {
    const unsigned byte = static_cast<unsigned char>(c);
    return byte >= low && byte <= high;
  };
  const auto is_continuation = [&](char c) { return is_between(c, 0x80, 0xbf); };

  const unsigned lead = static_cast<unsigned char>(at[0]);
  if (lead < 0xc2 || lead > 0xf4) return 0;
  if (lead < 0xe0) return is_continuation(at[1]) ? 2 : 0;
  if (lead < 0xf0) {
    const unsigned low = lead == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = lead == 0xed ? 0x9f : 0xbf;
    return is_between(at[1], low, high) && is_continuation(at[2]) ? 3 : 0;
  }
  const unsigned low = lead == 0xf0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xf4 ? 0x8f : 0xbf;
  return is_between(at[1], low, high) && is_continuation(at[2]) && is_continuation(at[3]) ? 4 : 0;
}

// Reads the valid sequence outside of ASCII that begins at `at`, and moves `at` to its end.
inline uint32_t read_utf8(const char*& at) {
  const uint32_t lead = static_cast<unsigned char>(*at++);
  const int continuations = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
  uint32_t code_point = lead & (0x3fu >> continuations);
  for (int i = 0; i < continuations; ++i) code_point = code_point << 6 | (static_cast<unsigned char>(*at++) & 0x3fu);
  return code_point;
}

// Writes one code point, also a lone surrogate, and returns the end of the written bytes.
inline char* write_utf8(uint32_t code_point, char* out) {
  const auto continuation = [code_point](int shift) {
    return static_cast<char>(0x80 | ((code_point >> shift) & 0x3f));
  };
  if (code_point < 0x80) {
    *out++ = static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    *out++ = static_cast<char>(0xc0 | code_point >> 6);
    *out++ = continuation(0);
  } else if (code_point < 0x10000) {
    *out++ = static_cast<char>(0xe0 | code_point >> 12);
    *out++ = continuation(6);
    *out++ = continuation(0);
  } else {
    *out++ = static_cast<char>(0xf0 | code_point >> 18);
    *out++ = continuation(12);
    *out++ = continuation(6);
    *out++ = continuation(0);
  }
  return out;
}

}  // namespace cloaca

#endif  // CLOACA_UTF8_H_
