// The canonical form of JSON and its fingerprint, as codec.ts describes them. Called by addon.cc, merge.cc, the fuzzer and
// the sanitizer's driver: nothing here knows Node, keeps state, or calls back.
// The functions throw a Refusal for a text that is wrong, and std::bad_alloc.

#ifndef CLOACA_CANONICAL_H_
#define CLOACA_CANONICAL_H_

#include <array>

#include "json_text.h"
#include "output.h"

namespace cloaca {

Output canonicalize(const JsonText& text);

std::array<char, 64> fingerprint(const JsonText& text);

// Writes the canonical form of one value of a text that was read before. It is never longer than the value was.
void write_canonical(const JsonText& text, const char* value, Output& out);

}  // namespace cloaca

#endif  // CLOACA_CANONICAL_H_
