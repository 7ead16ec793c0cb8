// How a text is refused: a reason and a byte. Thrown by everything that reads a text, caught by addon.cc and the test drivers.
// Words are made of it in input.ts only, so that both implementations use the same.

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
  // Which of several texts was being read, counted from 0.
  size_t position = 0;
};

// Refuses the text at a byte for the given reason, unless there is a more basic one: the text ends there, or what begins
// there is not even UTF-8.
[[noreturn]] void refuse(const JsonText& text, const char* at, Fault fault);

}  // namespace cloaca

#endif  // CLOACA_REFUSAL_H_
