// Refusal of a text: a reason and a byte. Thrown by all readers of a text, caught by addon.cc and the test drivers.
// Only input.ts makes messages of it, so that both implementations have the same messages.

#ifndef CLOACA_REFUSAL_H_
#define CLOACA_REFUSAL_H_

#include <cstddef>

#include "json_text.h"

namespace cloaca {

// FAULTS in input.ts begins with the same names in the same order.
enum class Fault {
  unexpected_end,
  unexpected_byte,
  control_character,
  broken_escape,
  invalid_utf8,
  too_deep,
  not_an_object,
};

struct Refusal {
  Fault fault;
  size_t byte_offset;
  // Index of the text that was being read.
  size_t position = 0;
};

// Refuses the text at a byte for the given reason, unless there is a more basic one: the end of the text, or invalid
// UTF-8 at that byte.
[[noreturn]] void refuse(const JsonText& text, const char* at, Fault fault);

}  // namespace cloaca

#endif  // CLOACA_REFUSAL_H_
