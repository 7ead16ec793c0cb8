// The bytes of one JSON text, in memory of our own. Made by addon.cc and the test drivers, read by everything else here.
// The bytes are followed by kPadding zeros, so that a reader may load whole vectors and needs no bounds checks: a zero
// stands in no valid JSON, and so stops every scan.
// Copying them also means that no other thread can change them under the reader, as it could with a SharedArrayBuffer.

#ifndef CLOACA_JSON_TEXT_H_
#define CLOACA_JSON_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace cloaca {

class JsonText {
 public:
  // More than the widest piece that is loaded at once.
  static constexpr size_t kPadding = 64;

  // Room for `capacity` bytes, of which the owner writes `size` and then calls `seal`.
  explicit JsonText(size_t capacity) : bytes_(new char[capacity + kPadding]) {}

  static JsonText copy_of(std::string_view source) {
    JsonText text(source.size());
    if (!source.empty()) std::memcpy(text.bytes_.get(), source.data(), source.size());
    text.seal(source.size());
    return text;
  }

  void seal(size_t size) {
    size_ = size;
    std::memset(bytes_.get() + size, 0, kPadding);
  }

  char* writable() { return bytes_.get(); }
  const char* begin() const { return bytes_.get(); }
  const char* end() const { return bytes_.get() + size_; }
  size_t size() const { return size_; }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
};

}  // namespace cloaca

#endif  // CLOACA_JSON_TEXT_H_
