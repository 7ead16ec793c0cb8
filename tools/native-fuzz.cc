// Entry point of libFuzzer into the C++ parts of the codec. `node tools/check-native.mjs --fuzz` builds and runs it.
// Any bytes are an input: texts separated by the byte 0xff, which no valid text contains. The functions must not crash,
// and must agree: each function accepts the inputs and the outputs that another one accepts or writes.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "../src/native/codec/canonical.h"
#include "../src/native/codec/encodings.h"
#include "../src/native/codec/merge.h"
#include "../src/native/codec/pick.h"
#include "../src/native/codec/refusal.h"
#include "../src/native/codec/sha256.h"
#include "native-text.h"

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

void try_encodings(std::string_view utf8) {
  std::vector<char16_t> wide(utf8.size() + cloaca::kSpareUnits);
  require(cloaca::write_utf16(utf8, wide.data()) <= utf8.size(), "UTF-16 has no more units than UTF-8 has bytes");
  if (cloaca::repertoire_of(utf8) == cloaca::Repertoire::unicode) return;
  std::vector<char> narrow(utf8.size() + cloaca::kSpareUnits);
  require(cloaca::write_latin1(utf8, narrow.data()) <= utf8.size(), "Latin-1 is no longer than UTF-8");
}

// Returns whether the text was accepted.
bool try_one(const cloaca::JsonText& text) {
  try {
    const cloaca::Output canonical = cloaca::canonicalize(text);
    require(canonical.view().size() <= text.size(), "a canonical form is no longer than its text");
    const OwnText again(canonical.view());
    require(cloaca::canonicalize(again.text()).view() == canonical.view(), "a canonical form is its own");
    require(cloaca::fingerprint(text) == cloaca::sha256_hex_portable(canonical.view()), "SHA-256 is SHA-256");
    try_encodings(canonical.view());
    return true;
  } catch (const cloaca::Refusal& refusal) {
    require(refusal.byte_offset <= text.size(), "a fault is in the text");
    return false;
  }
}

void try_pick(const cloaca::JsonText& text, bool is_accepted) {
  const OwnText key("\"a\"");
  try {
    const std::optional<std::string_view> picked = cloaca::pick(text, key.text());
    require(is_accepted, "pick accepts only texts with a canonical form");
    if (picked) require(try_one(OwnText(*picked).text()), "pick returns a valid text");
  } catch (const cloaca::Refusal&) {
    require(!is_accepted, "pick accepts each text with a canonical form");
  }
}

void try_merge(const std::vector<cloaca::JsonText>& texts, bool are_accepted) {
  try {
    const cloaca::Output merged = cloaca::merge(texts);
    require(are_accepted, "merge accepts only valid texts");
    const OwnText again(merged.view());
    require(try_one(again.text()), "merge returns a valid text");
    require(cloaca::merge({again.text(), again.text()}).view().front() == '{', "a merged text can be merged again");
  } catch (const cloaca::Refusal& refusal) {
    require(refusal.fault == cloaca::Fault::not_an_object || !are_accepted, "only objects merge, and all of them do");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr char kSeparator = '\xff';
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::vector<OwnText> own_texts;
  for (size_t end = input.find(kSeparator); end != input.npos; end = input.find(kSeparator)) {
    own_texts.emplace_back(input.substr(0, end));
    input.remove_prefix(end + 1);
  }
  own_texts.emplace_back(input);

  std::vector<cloaca::JsonText> texts;
  bool are_accepted = true;
  for (const OwnText& own : own_texts) {
    const bool is_accepted = try_one(own.text());
    try_pick(own.text(), is_accepted);
    are_accepted = are_accepted && is_accepted;
    texts.push_back(own.text());
  }
  try_merge(texts, are_accepted);
  return 0;
}
