// JSON strings: see json_string.h.

#include "json_string.h"

#include <cstdint>
#include <cstring>

#include "refusal.h"
#include "scan.h"
#include "utf8.h"

namespace cloaca {

namespace {

constexpr uint32_t kNotHex = 16;

uint32_t hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint32_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint32_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<uint32_t>(c - 'A' + 10);
  return kNotHex;
}

uint32_t four_hex_digits(const char* at) {
  return hex_digit(at[0]) << 12 | hex_digit(at[1]) << 8 | hex_digit(at[2]) << 4 | hex_digit(at[3]);
}

bool is_high_surrogate(uint32_t unit) { return unit >= 0xd800 && unit <= 0xdbff; }
bool is_low_surrogate(uint32_t unit) { return unit >= 0xdc00 && unit <= 0xdfff; }
bool is_surrogate(uint32_t unit) { return unit >= 0xd800 && unit <= 0xdfff; }

// Reads the escape after a backslash, or both escapes of a surrogate pair, and advances `at` past it.
uint32_t read_escape(const char*& at, const char* end) {
  const char letter = *at++;
  switch (letter) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'u': break;
    default: return static_cast<uint32_t>(letter);
  }
  const uint32_t unit = four_hex_digits(at);
  at += 4;
  if (!is_high_surrogate(unit) || end - at < 6 || at[0] != '\\' || at[1] != 'u') return unit;
  const uint32_t next_unit = four_hex_digits(at + 2);
  if (!is_low_surrogate(next_unit)) return unit;
  at += 6;
  return 0x10000 + ((unit - 0xd800) << 10) + (next_unit - 0xdc00);
}

char* write_short_escape(char letter, char* out) {
  *out++ = '\\';
  *out++ = letter;
  return out;
}

char* write_hex_escape(uint32_t unit, char* out) {
  constexpr char kDigits[] = "0123456789abcdef";
  out = write_short_escape('u', out);
  for (int shift = 12; shift >= 0; shift -= 4) *out++ = kDigits[(unit >> shift) & 0xf];
  return out;
}

char* write_canonical_character(uint32_t code_point, char* out) {
  switch (code_point) {
    case '"': return write_short_escape('"', out);
    case '\\': return write_short_escape('\\', out);
    case '\b': return write_short_escape('b', out);
    case '\f': return write_short_escape('f', out);
    case '\n': return write_short_escape('n', out);
    case '\r': return write_short_escape('r', out);
    case '\t': return write_short_escape('t', out);
    default: break;
  }
  if (code_point < 0x20 || is_surrogate(code_point)) return write_hex_escape(code_point, out);
  return write_utf8(code_point, out);
}

// Copies characters between escapes, and passes each escaped code point to `write_character`.
template <typename WriteCharacter>
char* rewrite(std::string_view body, char* out, WriteCharacter write_character) {
  const char* at = body.data();
  const char* const end = at + body.size();
  while (at != end) {
    const void* backslash = std::memchr(at, '\\', static_cast<size_t>(end - at));
    const char* stop = backslash == nullptr ? end : static_cast<const char*>(backslash);
    std::memcpy(out, at, static_cast<size_t>(stop - at));
    out += stop - at;
    if (stop == end) break;
    at = stop + 1;
    out = write_character(read_escape(at, end), out);
  }
  return out;
}

std::string_view without_quotes(std::string_view token) { return token.substr(1, token.size() - 2); }

// Checks the escape whose backslash is before `at`. Returns its end, and whether it is in canonical form for certain.
const char* scan_escape(const JsonText& text, const char* at, bool& is_canonical) {
  switch (*at) {
    case '"': case '\\': case 'b': case 'f': case 'n': case 'r': case 't':
      return at + 1;
    case '/':
      is_canonical = false;
      return at + 1;
    case 'u':
      is_canonical = false;
      for (int digit = 1; digit <= 4; ++digit) {
        if (hex_digit(at[digit]) == kNotHex) refuse(text, at + digit, Fault::broken_escape);
      }
      return at + 5;
    default:
      refuse(text, at, Fault::broken_escape);
  }
}

}  // namespace

StringToken scan_string_from(const JsonText& text, const char* quote, const char* stop) {
  StringToken token{quote, 0, false, true};
  const char* at = stop;
  for (; *at != '"'; at = skip_plain(at)) {
    if (*at == '\\') {
      token.has_escape = true;
      at = scan_escape(text, at + 1, token.is_canonical);
      continue;
    }
    if (!is_beyond_ascii(*at)) refuse(text, at, Fault::control_character);
    do {
      const int length = utf8_sequence_length(at);
      if (length == 0) refuse(text, at, Fault::invalid_utf8);
      at += length;
    } while (is_beyond_ascii(*at));
  }
  token.size = static_cast<uint32_t>(at + 1 - quote);
  return token;
}

char* write_canonical_string(std::string_view token, char* out) {
  *out++ = '"';
  out = rewrite(without_quotes(token), out, write_canonical_character);
  *out++ = '"';
  return out;
}

std::string StringDecoder::decode_escapes(std::string_view token) {
  std::string decoded(token.size(), '\0');
  const char* end = rewrite(without_quotes(token), decoded.data(), write_utf8);
  decoded.resize(static_cast<size_t>(end - decoded.data()));
  return decoded;
}

}  // namespace cloaca
