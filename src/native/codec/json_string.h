// JSON strings: checks them, and writes them decoded or in canonical form. Called by json_reader.h and the sinks.
// Decoded strings are UTF-8 in which a lone surrogate has the three bytes of its number. The order of these bytes is
// the order of code points, and no two different strings have the same bytes.

#ifndef CLOACA_JSON_STRING_H_
#define CLOACA_JSON_STRING_H_

#include <cstdint>
#include <forward_list>
#include <string>
#include <string_view>

#include "json_text.h"
#include "scan.h"

namespace cloaca {

// A string as it was written, with its quotes. Small enough for two registers.
struct StringToken {
  const char* begin;
  uint32_t size;
  bool has_escape;
  // True if all escapes are short ones. `\u` is never called canonical, although it can be.
  bool is_canonical;

  const char* end() const { return begin + size; }
  std::string_view text() const { return {begin, size}; }
};

// Continues scan_string at a byte in the middle of the string that is not plain.
StringToken scan_string_from(const JsonText& text, const char* quote, const char* stop);

// Checks the string that begins with the given quote. Throws a Refusal.
inline StringToken scan_string(const JsonText& text, const char* quote) {
  const char* stop = skip_plain(quote + 1);
  if (*stop != '"') return scan_string_from(text, quote, stop);
  return {quote, static_cast<uint32_t>(stop + 1 - quote), false, true};
}

// Writes a string in canonical form, and returns the end of what it wrote, which is never longer than the token.
char* write_canonical_string(std::string_view token, char* out);

// Decodes strings. Strings without escapes stay in the text; the decoder keeps the others, so it must outlive its
// results.
class StringDecoder {
 public:
  std::string_view decode(StringToken token) {
    if (token.has_escape) return kept_.emplace_front(decode_escapes(token.text()));
    return {token.begin + 1, token.size - 2};
  }

 private:
  static std::string decode_escapes(std::string_view token);

  // A list, because its elements keep their addresses. It is usually empty.
  std::forward_list<std::string> kept_;
};

}  // namespace cloaca

#endif  // CLOACA_JSON_STRING_H_
