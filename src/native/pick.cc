// Looks up one member of a context: see pick.h.

#include "pick.h"

#include "json_tape.h"

namespace cloaca {

std::optional<std::string_view> pick(const JsonText& text, const JsonText& key) {
  const Tape tape(text);
  if (tape[Tape::kRoot].kind != Kind::object) return std::nullopt;

  const Tape key_tape(key);
  StringDecoder decoder;
  const std::string_view wanted = decoder.decode(key_tape.string(Tape::kRoot));
  std::optional<std::string_view> picked;
  tape.for_each_key(Tape::kRoot, [&](uint32_t key_index) {
    if (decoder.decode(tape.string(key_index)) == wanted) picked = tape.token(key_index + 1);
  });
  return picked;
}

}  // namespace cloaca
