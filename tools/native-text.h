// A JSON text in memory of exactly the size that the codec may access, so that AddressSanitizer reports other accesses.
// Used by native-cases.cc and native-fuzz.cc.

#ifndef CLOACA_TOOLS_NATIVE_TEXT_H_
#define CLOACA_TOOLS_NATIVE_TEXT_H_

#include <cstring>
#include <memory>
#include <string_view>

#include "../src/native/codec/json_text.h"

class OwnText {
 public:
  explicit OwnText(std::string_view bytes)
      : memory_(new char[bytes.size() + cloaca::JsonText::kPadding]), text_(filled(memory_.get(), bytes)) {}

  const cloaca::JsonText& text() const { return text_; }

 private:
  static cloaca::JsonText filled(char* memory, std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(memory, bytes.data(), bytes.size());
    return cloaca::JsonText(memory, bytes.size());
  }

  std::unique_ptr<char[]> memory_;
  cloaca::JsonText text_;
};

#endif  // CLOACA_TOOLS_NATIVE_TEXT_H_
