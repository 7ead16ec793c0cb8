// One JSON text in memory that is not written to while it is read. Created by addon.cc and the test drivers, read by
// all other files. Zeros follow the text, so that a reader may load whole vectors and needs no bounds checks. Valid
// JSON contains no zero, so a zero ends every scan.

#ifndef CLOACA_JSON_TEXT_H_
#define CLOACA_JSON_TEXT_H_

#include <cstddef>
#include <cstring>

namespace cloaca {

class JsonText {
 public:
  // Number of bytes after a text that belong to it. addon.ts has the same number.
  static constexpr size_t kPadding = 64;

  // Takes `size` bytes from `begin`, and writes zeros to the kPadding bytes after them.
  JsonText(char* begin, size_t size) : begin_(begin), size_(size) { std::memset(begin + size, 0, kPadding); }

  const char* begin() const { return begin_; }
  const char* end() const { return begin_ + size_; }
  size_t size() const { return size_; }

 private:
  const char* begin_;
  size_t size_;
};

}  // namespace cloaca

#endif  // CLOACA_JSON_TEXT_H_
