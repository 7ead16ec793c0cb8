// Elements or members of one value, without their contents. Called by merge.cc and pick.cc.
// Deeper values are read only on request, because most of them are never needed.

#ifndef CLOACA_JSON_CHILDREN_H_
#define CLOACA_JSON_CHILDREN_H_

#include <string_view>
#include <vector>

#include "json_string.h"
#include "json_text.h"

namespace cloaca {

// The tokens lie in the text.
struct Children {
  // Keys of an object, one for each value; empty for a list.
  std::vector<StringToken> keys;
  std::vector<std::string_view> values;
};

struct Document {
  // The text without the white space around it.
  std::string_view value;
  Children children;
};

inline bool is_object(std::string_view value) { return value.front() == '{'; }
inline bool is_list(std::string_view value) { return value.front() == '['; }

// Reads the whole text. Throws a Refusal.
Document read_document(const JsonText& text);

// The children of a value in a text that was read before, in order.
Children children_of(const JsonText& text, std::string_view value);

}  // namespace cloaca

#endif  // CLOACA_JSON_CHILDREN_H_
