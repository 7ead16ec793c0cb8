// Canonical form of JSON and its fingerprint, as codec.ts describes them. Called by addon.cc, merge.cc, the fuzzer and
// the sanitizer's driver. Functions here do not know Node, keep no state, and do not call back.
// They throw a Refusal for a wrong text, and std::bad_alloc.

#ifndef CLOACA_CANONICAL_H_
#define CLOACA_CANONICAL_H_

#include <array>
#include <memory>

#include "json_text.h"
#include "output.h"

namespace cloaca {

Output canonicalize(const JsonText& text);

std::array<char, 64> fingerprint(const JsonText& text);

// Writes canonical forms of single values of a text that was read before. None is longer than its value.
class CanonicalWriter {
 public:
  CanonicalWriter(const JsonText& text, Output& out);
  ~CanonicalWriter();
  void write(const char* value);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace cloaca

#endif  // CLOACA_CANONICAL_H_
