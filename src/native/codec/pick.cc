// Looks up one member of a context: see pick.h.

#include "pick.h"

#include "json_children.h"
#include "json_string.h"

namespace cloaca {

std::optional<std::string_view> pick(const JsonText& text, const JsonText& key) {
  const Document document = read_document(text);
  if (!is_object(document.value)) return std::nullopt;

  StringDecoder decoder;
  const std::string_view wanted = decoder.decode(scan_string(key, key.begin()));
  std::optional<std::string_view> picked;
  for (size_t i = 0; i != document.children.keys.size(); ++i) {
    if (decoder.decode(document.children.keys[i]) == wanted) picked = document.children.values[i];
  }
  return picked;
}

}  // namespace cloaca
