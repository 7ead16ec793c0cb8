// A JSON text as a tape: see json_tape.h.

#include "json_tape.h"

#include "json_reader.h"

namespace cloaca {

namespace {

class TapeSink {
 public:
  TapeSink(const JsonText& text, std::vector<Node>& nodes) : begin_(text.begin()), nodes_(nodes) {}

  void scalar(std::string_view token) { add(Kind::scalar, token); }
  void string(const StringToken& token) { add(Kind::string, token.text, token.has_escape, token.is_canonical); }
  void key(const StringToken& token) { string(token); }

  void open_list(const char* begin) { open(Kind::list, begin); }
  void close_list(const char* end) { close(end); }
  void open_object(const char* begin) { open(Kind::object, begin); }
  void close_object(const char* end, uint32_t, bool) { close(end); }

 private:
  void open(Kind kind, const char* begin) {
    open_.push_back(static_cast<uint32_t>(nodes_.size()));
    add(kind, {begin, 0});
  }

  void close(const char* end) {
    Node& node = nodes_[open_.back()];
    open_.pop_back();
    node.end = offset(end);
    node.next = static_cast<uint32_t>(nodes_.size());
  }

  void add(Kind kind, std::string_view token, bool has_escape = false, bool is_canonical = true) {
    const uint32_t begin = offset(token.data());
    const uint32_t end = begin + static_cast<uint32_t>(token.size());
    nodes_.push_back({begin, end, static_cast<uint32_t>(nodes_.size()) + 1, kind, has_escape, is_canonical});
  }

  uint32_t offset(const char* at) const { return static_cast<uint32_t>(at - begin_); }

  const char* begin_;
  std::vector<Node>& nodes_;
  // The lists and objects that are being read, the innermost last.
  std::vector<uint32_t> open_;
};

}  // namespace

Tape::Tape(const JsonText& text) : text_(&text) {
  // A guess that is right or too high for texts as Python writes them; memory that stays untouched costs nothing.
  constexpr size_t kBytesPerNode = 6;
  nodes_.reserve(text.size() / kBytesPerNode + 1);
  TapeSink sink(text, nodes_);
  JsonReader<TapeSink>(text, sink).document();
}

}  // namespace cloaca
