// How a text is refused: see refusal.h.

#include "refusal.h"

#include "utf8.h"

namespace cloaca {

void refuse(const JsonText& text, const char* at, Fault fault) {
  if (at == text.end()) fault = Fault::unexpected_end;
  if (is_beyond_ascii(*at) && utf8_sequence_length(at) == 0) fault = Fault::invalid_utf8;
  throw Refusal{fault, static_cast<size_t>(at - text.begin())};
}

}  // namespace cloaca
