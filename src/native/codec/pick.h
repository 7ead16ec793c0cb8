// Looks up one member of a context, as codec.ts describes it. Called by addon.cc, the fuzzer and the sanitizer's
// driver. Reads the whole text, because the last of duplicate keys applies, and any fault of the text must be reported.

#ifndef CLOACA_PICK_H_
#define CLOACA_PICK_H_

#include <optional>
#include <string_view>

#include "json_text.h"

namespace cloaca {

// `key` is a JSON text with a string. The result is part of `text`. Throws a Refusal if `text` is wrong, and
// std::bad_alloc.
std::optional<std::string_view> pick(const JsonText& text, const JsonText& key);

}  // namespace cloaca

#endif  // CLOACA_PICK_H_
