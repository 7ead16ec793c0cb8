// Reads a JSON text once, and reports its parts to a sink. Used by canonical.cc and json_children.cc, each with its own
// sink. The byte at which it refuses a text is part of the codec's contract: json-reader.ts stops at the same byte.

#ifndef CLOACA_JSON_READER_H_
#define CLOACA_JSON_READER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "json_string.h"
#include "json_text.h"
#include "refusal.h"
#include "scan.h"

namespace cloaca {

// Maximum nesting, which also limits the recursion here. input.ts has the same number.
constexpr uint32_t kMaxDepth = 512;

struct ObjectKeys {
  const std::vector<StringToken>& tokens;
  uint32_t depth;
  // Keys are equal, token by token, to those of the object that was closed at this depth before.
  bool are_same;
};

// Recursive descent. A function that reads a part takes the address of its beginning and returns that of its end.
//
// A sink has these functions, called in the order of the text. Tokens lie in the text; strings have their quotes.
//
//   void scalar(std::string_view token)      a number or literal
//   void string(StringToken token)
//   void key(StringToken token)       its value follows
//   void open_list(const char* begin)
//   void close_list(const char* end)
//   void open_object(const char* begin)
//   void close_object(const char* end, const ObjectKeys& keys)
//
// Most of a large text is lists of objects with the same keys in the same order. So a key is first compared with the
// key in the same place of the previous object. A match costs a predicted branch; the search for the closing quote is a
// chain of dependent instructions that all later instructions have to wait for.
template <typename Sink>
class JsonReader {
 public:
  JsonReader(const JsonText& text, Sink& sink) : text_(text), sink_(sink) {
    // Room for every depth, so that references to the keys of outer objects stay valid.
    last_keys_.reserve(kMaxDepth);
  }

  // The whole text, which must hold one value.
  void document() {
    const char* at = skip_white_space(text_.begin());
    at = skip_white_space(value(at, 0));
    if (at != text_.end()) refuse(text_, at, Fault::unexpected_byte);
  }

  const char* value(const char* at, uint32_t depth) {
    switch (*at) {
      case '{': return object(at, depth);
      case '[': return list(at, depth);
      case '"': return string(at);
      case 't': return word(at, "true");
      case 'f': return word(at, "false");
      case 'n': return word(at, "null");
      default: return number(at);
    }
  }

 private:
  const char* object(const char* at, uint32_t depth) {
    enter(at, depth);
    sink_.open_object(at);
    std::vector<StringToken>& keys = last_keys_[depth];
    size_t count = 0;
    bool has_same_keys = true;
    at = skip_white_space(at + 1);
    while (*at != '}') {
      if (count != 0) at = skip_white_space(expect(at, ','));
      at = skip_white_space(key(at, keys, count, has_same_keys));
      at = skip_white_space(expect(at, ':'));
      at = skip_white_space(value(at, depth + 1));
      ++count;
    }
    has_same_keys = has_same_keys && keys.size() == count;
    keys.resize(count);
    sink_.close_object(at + 1, {keys, depth, has_same_keys});
    return at + 1;
  }

  const char* key(const char* at, std::vector<StringToken>& last_keys, size_t index, bool& has_same_keys) {
    if (index < last_keys.size() && begins_with(at, last_keys[index].text())) {
      StringToken token = last_keys[index];
      token.begin = at;
      sink_.key(token);
      return token.end();
    }
    if (*at != '"') refuse(text_, at, Fault::unexpected_byte);
    const StringToken token = scan_string(text_, at);
    if (index == last_keys.size()) last_keys.push_back(token);
    else last_keys[index] = token;
    has_same_keys = false;
    sink_.key(token);
    return token.end();
  }

  const char* list(const char* at, uint32_t depth) {
    enter(at, depth);
    sink_.open_list(at);
    bool is_first = true;
    at = skip_white_space(at + 1);
    while (*at != ']') {
      if (!is_first) at = skip_white_space(expect(at, ','));
      at = skip_white_space(value(at, depth + 1));
      is_first = false;
    }
    sink_.close_list(at + 1);
    return at + 1;
  }

  const char* string(const char* at) {
    const StringToken token = scan_string(text_, at);
    sink_.string(token);
    return token.end();
  }

  const char* number(const char* at) {
    const char* begin = at;
    if (*at == '-') ++at;
    at = *at == '0' ? at + 1 : digits(at);
    if (*at == '.') at = digits(at + 1);
    if (*at == 'e' || *at == 'E') {
      ++at;
      if (*at == '+' || *at == '-') ++at;
      at = digits(at);
    }
    sink_.scalar(between(begin, at));
    return at;
  }

  const char* digits(const char* at) {
    const char* end = skip_digits(at);
    if (end == at) refuse(text_, at, Fault::unexpected_byte);
    return end;
  }

  const char* word(const char* at, std::string_view letters) {
    const char* begin = at;
    for (const char letter : letters) at = expect(at, letter);
    sink_.scalar(between(begin, at));
    return at;
  }

  void enter(const char* at, uint32_t depth) {
    constexpr size_t kUsualKeys = 12;
    if (depth == kMaxDepth) refuse(text_, at, Fault::too_deep);
    if (depth == last_keys_.size()) last_keys_.emplace_back().reserve(kUsualKeys);
  }

  const char* expect(const char* at, char c) {
    if (*at != c) refuse(text_, at, Fault::unexpected_byte);
    return at + 1;
  }

  static std::string_view between(const char* begin, const char* end) {
    return {begin, static_cast<size_t>(end - begin)};
  }

  const JsonText& text_;
  Sink& sink_;
  // By depth: the keys of the last object, and the keys so far of the object that is being read.
  std::vector<std::vector<StringToken>> last_keys_;
};

}  // namespace cloaca

#endif  // CLOACA_JSON_READER_H_
