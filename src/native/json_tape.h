// A JSON text as a flat list of its values: the tape. Made by merge.cc and pick.cc, which have to find their way in a text.
// Nodes are offsets: whoever holds a tape must keep the text.

#ifndef CLOACA_JSON_TAPE_H_
#define CLOACA_JSON_TAPE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "json_string.h"
#include "json_text.h"

namespace cloaca {

enum class Kind : uint8_t { scalar, string, list, object };

// A value or a key, and where it stands in the text.
//
// A list's elements follow it; an object's keys and values do, in turn. `next` is the index behind the last of them, and
// the index behind the node itself where there are none.
struct Node {
  uint32_t begin;
  uint32_t end;
  uint32_t next;
  Kind kind;
  // Of strings.
  bool has_escape;
  bool is_canonical;
};

class Tape {
 public:
  static constexpr uint32_t kRoot = 0;

  // Throws a Refusal, or std::bad_alloc.
  explicit Tape(const JsonText& text);

  const JsonText& text() const { return *text_; }
  const Node& operator[](uint32_t index) const { return nodes_[index]; }

  // The value or key as it was written.
  std::string_view token(uint32_t index) const {
    const Node& node = nodes_[index];
    return {text_->begin() + node.begin, static_cast<size_t>(node.end - node.begin)};
  }

  StringToken string(uint32_t index) const {
    return {token(index), nodes_[index].has_escape, nodes_[index].is_canonical};
  }

  // Calls `visit` with the index of each key of an object, in order. The value's index is one more.
  template <typename Visit>
  void for_each_key(uint32_t object, Visit visit) const {
    for (uint32_t key = object + 1; key != nodes_[object].next; key = nodes_[key + 1].next) visit(key);
  }

  // Calls `visit` with the index of each element of a list, in order.
  template <typename Visit>
  void for_each_item(uint32_t list, Visit visit) const {
    for (uint32_t item = list + 1; item != nodes_[list].next; item = nodes_[item].next) visit(item);
  }

 private:
  const JsonText* text_;
  std::vector<Node> nodes_;
};

}  // namespace cloaca

#endif  // CLOACA_JSON_TAPE_H_
