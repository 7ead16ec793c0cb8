// Bytes that the codec writes, into memory of a fixed size. Used by canonical.cc and merge.cc.
// The writer must know the maximum size beforehand, because nothing is checked here.

#ifndef CLOACA_OUTPUT_H_
#define CLOACA_OUTPUT_H_

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#include "json_text.h"

namespace cloaca {

class Output {
 public:
  // The memory has kPadding more bytes, so that short pieces can be copied as whole vectors.
  explicit Output(size_t capacity) : bytes_(new char[capacity + JsonText::kPadding]), end_(bytes_.get()) {}

  std::string_view view() const { return since(bytes_.get()); }
  std::string_view since(const char* begin) const { return {begin, static_cast<size_t>(end_ - begin)}; }

  char* end() { return end_; }
  void set_end(char* end) { end_ = end; }

  void put(char c) { *end_++ = c; }

  // The piece must lie in a JsonText or an Output, where the bytes after it may be read.
  void put(std::string_view piece) { end_ = copy(piece, end_); }

  // Writes both in one step, because each change of the end goes through memory.
  void put(std::string_view piece, char separator) {
    char* end = copy(piece, end_);
    *end = separator;
    end_ = end + 1;
  }

  // A separator is written after each element. The bracket overwrites the last one.
  void close(char bracket, bool is_empty) {
    if (is_empty) put(bracket);
    else end_[-1] = bracket;
  }

 private:
  static char* copy(std::string_view piece, char* to) {
    constexpr size_t kShort = 32;
    static_assert(kShort <= JsonText::kPadding);
    std::memcpy(to, piece.data(), kShort);
    if (piece.size() > kShort) std::memcpy(to + kShort, piece.data() + kShort, piece.size() - kShort);
    return to + piece.size();
  }

  std::unique_ptr<char[]> bytes_;
  char* end_;
};

}  // namespace cloaca

#endif  // CLOACA_OUTPUT_H_
