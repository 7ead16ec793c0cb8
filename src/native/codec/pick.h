// Looks up one member of a context, as codec.ts describes it. Called by addon.cc, the fuzzer and the sanitizer's driver.
// The whole text is read, since the last of duplicate keys counts and a wrong text must be refused wherever it is wrong.

#ifndef CLOACA_PICK_H_
#define CLOACA_PICK_H_

#include <optional>
#include <string_view>

#include "json_text.h"

namespace cloaca {

// `key` is a JSON text that holds a string. The result lies in `text`.
// Throws a Refusal when `text` is wrong, and std::bad_alloc.
std::optional<std::string_view> pick(const JsonText& text, const JsonText& key);

}  // namespace cloaca

#endif  // CLOACA_PICK_H_
