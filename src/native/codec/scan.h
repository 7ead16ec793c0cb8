// Scans that process most bytes of a text, with vectors of 16 bytes if the processor has them (every x86-64 processor
// does), else byte by byte. Called by json_reader.h, json_string.cc and encodings.cc.
// They read up to 16 bytes after the byte at which they stop, so the text must be a JsonText.

#ifndef CLOACA_SCAN_H_
#define CLOACA_SCAN_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__) || defined(_M_X64)
#define CLOACA_HAS_SSE2 1
#include <emmintrin.h>
#if defined(_MSC_VER)
#include <intrin.h>
#endif
#else
#define CLOACA_HAS_SSE2 0
#endif

namespace cloaca {

inline bool is_white_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// Not a quote, backslash, control character or part of a character beyond ASCII.
inline bool is_plain(char c) { return static_cast<signed char>(c) >= 0x20 && c != '"' && c != '\\'; }

#if CLOACA_HAS_SSE2

inline int lowest_set_bit(unsigned mask) {
#if defined(_MSC_VER)
  unsigned long index;
  _BitScanForward(&index, mask);
  return static_cast<int>(index);
#else
  return __builtin_ctz(mask);
#endif
}

// Returns the first byte from `at` on that is not plain.
inline const char* skip_plain(const char* at) {
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i first_printable = _mm_set1_epi8(0x20);
  for (;; at += 16) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    // The comparison is signed, so bytes from 0x80 are smaller than the first printable one.
    const __m128i special = _mm_or_si128(_mm_cmplt_epi8(chunk, first_printable),
                                         _mm_or_si128(_mm_cmpeq_epi8(chunk, quote), _mm_cmpeq_epi8(chunk, backslash)));
    const int mask = _mm_movemask_epi8(special);
    if (mask != 0) return at + lowest_set_bit(static_cast<unsigned>(mask));
  }
}

inline const char* skip_white_space_run(const char* at) {
  const __m128i space = _mm_set1_epi8(' ');
  const __m128i newline = _mm_set1_epi8('\n');
  const __m128i carriage_return = _mm_set1_epi8('\r');
  const __m128i tab = _mm_set1_epi8('\t');
  for (;; at += 16) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i white =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(chunk, space), _mm_cmpeq_epi8(chunk, newline)),
                     _mm_or_si128(_mm_cmpeq_epi8(chunk, carriage_return), _mm_cmpeq_epi8(chunk, tab)));
    const unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(white)) ^ 0xffffu;
    if (mask != 0) return at + lowest_set_bit(mask);
  }
}

// Whether the bytes from `at` on begin with the token, which must lie in a JsonText.
inline bool begins_with(const char* at, std::string_view token) {
  const char* expected = token.data();
  for (size_t left = token.size();; at += 16, expected += 16, left -= 16) {
    const __m128i found = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i wanted = _mm_loadu_si128(reinterpret_cast<const __m128i*>(expected));
    const unsigned differing = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(found, wanted))) ^ 0xffffu;
    if (left <= 16) return (differing & ((1u << left) - 1)) == 0;
    if (differing != 0) return false;
  }
}

inline const char* skip_digits(const char* at) {
  const __m128i zero = _mm_set1_epi8('0');
  const __m128i beyond_nine = _mm_set1_epi8(10 - 128);
  const __m128i bias = _mm_set1_epi8(-128);
  for (;; at += 16) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i value = _mm_add_epi8(_mm_sub_epi8(chunk, zero), bias);
    const unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmplt_epi8(value, beyond_nine))) ^ 0xffffu;
    if (mask != 0) return at + lowest_set_bit(mask);
  }
}

inline void store_units(char* out, __m128i chunk) { _mm_storeu_si128(reinterpret_cast<__m128i*>(out), chunk); }

inline void store_units(char16_t* out, __m128i chunk) {
  const __m128i zero = _mm_setzero_si128();
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_unpacklo_epi8(chunk, zero));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 8), _mm_unpackhi_epi8(chunk, zero));
}

// Copies up to the end or the first byte outside of ASCII, and returns it. Writes up to 16 units more than it moves
// `out`.
template <typename Unit>
const char* copy_ascii(const char* at, const char* end, Unit*& out) {
  for (; at < end; at += 16, out += 16) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    store_units(out, chunk);
    const unsigned beyond_ascii = static_cast<unsigned>(_mm_movemask_epi8(chunk));
    const std::ptrdiff_t count = beyond_ascii == 0 ? 16 : lowest_set_bit(beyond_ascii);
    if (count != 16 || end - at < 16) {
      const std::ptrdiff_t copied = std::min(count, end - at);
      out += copied;
      return at + copied;
    }
  }
  return at;
}

inline unsigned char largest_byte(std::string_view bytes) {
  __m128i largest = _mm_setzero_si128();
  size_t at = 0;
  for (; at + 16 <= bytes.size(); at += 16) {
    largest = _mm_max_epu8(largest, _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data() + at)));
  }
  unsigned char each[16];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(each), largest);
  unsigned char result = *std::max_element(each, each + 16);
  for (; at != bytes.size(); ++at) result = std::max(result, static_cast<unsigned char>(bytes[at]));
  return result;
}

#else

template <typename Unit>
const char* copy_ascii(const char* at, const char* end, Unit*& out) {
  for (; at != end && static_cast<signed char>(*at) >= 0; ++at) *out++ = static_cast<Unit>(*at);
  return at;
}

inline unsigned char largest_byte(std::string_view bytes) {
  unsigned char result = 0;
  for (const char byte : bytes) result = std::max(result, static_cast<unsigned char>(byte));
  return result;
}

// Does not use memcmp, which may continue to read after the first difference.
inline bool begins_with(const char* at, std::string_view token) {
  for (const char c : token) {
    if (*at++ != c) return false;
  }
  return true;
}

inline const char* skip_digits(const char* at) {
  while (*at >= '0' && *at <= '9') ++at;
  return at;
}

inline const char* skip_plain(const char* at) {
  while (is_plain(*at)) ++at;
  return at;
}

inline const char* skip_white_space_run(const char* at) {
  while (is_white_space(*at)) ++at;
  return at;
}

#endif

inline const char* skip_white_space(const char* at) {
  if (static_cast<unsigned char>(*at) > ' ') return at;
  const bool is_one_space = *at == ' ' && static_cast<unsigned char>(at[1]) > ' ';
  return is_one_space ? at + 1 : skip_white_space_run(at);
}

}  // namespace cloaca

#endif  // CLOACA_SCAN_H_
