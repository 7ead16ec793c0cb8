// Runs the case table through the C++ parts of the codec, without Node. check-native.mjs builds it with sanitizers and
// writes the table to standard input: one case per line, with fields separated by tabs and texts in hexadecimal:
//   function  texts separated by commas  "result"  text or "null"
//   function  texts separated by commas  "refused"  byte offset  position
// The second text of `pick` is the key. Exits with 1 if a case fails.

#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "../src/native/codec/canonical.h"
#include "../src/native/codec/encodings.h"
#include "../src/native/codec/merge.h"
#include "../src/native/codec/pick.h"
#include "../src/native/codec/refusal.h"
#include "../src/native/codec/sha256.h"
#include "native-text.h"

namespace {

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> parts;
  std::string part;
  std::istringstream stream(line);
  while (std::getline(stream, part, separator)) parts.push_back(part);
  return parts;
}

std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

// Returns the text unchanged, after a call of each encoding that addon.cc uses. Only the sanitizers check these calls.
std::string taken(std::string_view utf8) {
  std::vector<char16_t> wide(utf8.size() + cloaca::kSpareUnits);
  cloaca::write_utf16(utf8, wide.data());
  std::vector<char> narrow(utf8.size() + cloaca::kSpareUnits);
  if (cloaca::repertoire_of(utf8) == cloaca::Repertoire::latin1) cloaca::write_latin1(utf8, narrow.data());
  return std::string(utf8);
}

std::string fingerprint_of(const cloaca::JsonText& text) {
  const auto digits = cloaca::fingerprint(text);
  if (digits != cloaca::sha256_hex_portable(cloaca::canonicalize(text).view())) {
    return "differs from the portable SHA-256";
  }
  return std::string(digits.data(), digits.size());
}

std::string result_of(const std::string& function, const std::vector<OwnText>& texts) {
  if (function == "canonicalize") return taken(cloaca::canonicalize(texts.at(0).text()).view());
  if (function == "fingerprint") return fingerprint_of(texts.at(0).text());
  if (function == "pick") {
    const auto picked = cloaca::pick(texts.at(0).text(), texts.at(1).text());
    return picked ? taken(*picked) : "null";
  }
  std::vector<cloaca::JsonText> contexts;
  for (const OwnText& text : texts) contexts.push_back(text.text());
  return taken(cloaca::merge(contexts).view());
}

std::string outcome_of(const std::string& function, const std::vector<OwnText>& texts) {
  try {
    return "result\t" + result_of(function, texts);
  } catch (const cloaca::Refusal& refusal) {
    return "refused\t" + std::to_string(refusal.byte_offset) + "\t" + std::to_string(refusal.position);
  }
}

// Returns the expected outcome of a case. The text "null" is literal, not hexadecimal.
std::string expected_of(const std::vector<std::string>& fields) {
  if (fields.at(2) == "refused") return "refused\t" + fields.at(3) + "\t" + fields.at(4);
  const std::string& text = fields.size() > 3 ? fields[3] : "";
  return "result\t" + (text == "null" ? text : from_hex(text));
}

}  // namespace

int main() {
  int passed = 0;
  int failed = 0;
  std::string line;
  while (std::getline(std::cin, line)) {
    const std::vector<std::string> fields = split(line, '\t');
    std::vector<OwnText> texts;
    for (const std::string& digits : split(fields.at(1), ',')) texts.emplace_back(from_hex(digits));
    const std::string outcome = outcome_of(fields.at(0), texts);
    const bool is_right = outcome == expected_of(fields);
    if (!is_right) std::printf("wrong: %s\n  actual: %s\n", line.c_str(), outcome.c_str());
    ++(is_right ? passed : failed);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}
