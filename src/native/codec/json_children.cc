// The elements or members of one value: see json_children.h.

#include "json_children.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "json_reader.h"

namespace cloaca {

namespace {

class ChildrenSink {
 public:
  explicit ChildrenSink(Document& document) : document_(document) {}

  void scalar(std::string_view token) { put(token); }
  void string(StringToken token) { put(token.text()); }

  void key(StringToken token) {
    if (depth_ == 1) document_.children.keys.push_back(token);
  }

  void open_list(const char* begin) { open(begin); }
  void close_list(const char* end) { close(end); }
  void open_object(const char* begin) { open(begin); }
  void close_object(const char* end, const ObjectKeys&) { close(end); }

 private:
  void open(const char* begin) {
    if (depth_ < 2) begins_[depth_] = begin;
    ++depth_;
  }

  void close(const char* end) {
    --depth_;
    if (depth_ < 2) put({begins_[depth_], static_cast<size_t>(end - begins_[depth_])});
  }

  void put(std::string_view value) {
    if (depth_ == 1) document_.children.values.push_back(value);
    if (depth_ == 0) document_.value = value;
  }

  Document& document_;
  // Number of open lists and objects, and beginnings of the outer two.
  uint32_t depth_ = 0;
  const char* begins_[2] = {};
};

}  // namespace

Document read_document(const JsonText& text) {
  Document document;
  ChildrenSink sink(document);
  JsonReader<ChildrenSink>(text, sink).document();
  return document;
}

Children children_of(const JsonText& text, std::string_view value) {
  Document document;
  ChildrenSink sink(document);
  JsonReader<ChildrenSink>(text, sink).value(value.data(), 0);
  return std::move(document.children);
}

}  // namespace cloaca
