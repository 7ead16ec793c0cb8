// The canonical form of JSON: see canonical.h.
//
// It is written while the text is read. When an object ends whose keys were not in order, its members, which are written by
// then, change places.

#include "canonical.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "json_reader.h"
#include "json_string.h"
#include "sha256.h"

namespace cloaca {

namespace {

// A member of an object that is being written.
struct Member {
  StringToken key;
  const char* begin;
};

// In which order an object's members are written, by their places in the text, without those that are overridden.
struct MemberOrder {
  bool is_that_of_text = true;
  std::vector<uint32_t> places;
};

// Writes a comma behind every value, the last one too: what follows it overwrites it.
class CanonicalSink {
 public:
  explicit CanonicalSink(Output& out) : out_(out) {}

  void scalar(std::string_view token) {
    out_.put(token);
    out_.put(',');
  }

  void string(const StringToken& token) {
    put_string(token);
    out_.put(',');
  }

  void key(const StringToken& token) {
    members_.push_back({token, out_.end()});
    put_string(token);
    out_.put(':');
  }

  void open_list(const char*) { open('['); }

  void close_list(const char*) { close(']'); }

  void open_object(const char*) {
    first_members_.push_back(members_.size());
    open('{');
  }

  void close_object(const char*, uint32_t depth, bool has_same_keys) {
    if (depth >= orders_.size()) orders_.resize(depth + 1);
    const size_t first = first_members_.back();
    if (!has_same_keys) find_order(first, orders_[depth]);
    if (!orders_[depth].is_that_of_text) rearrange(first, orders_[depth]);
    members_.resize(first);
    first_members_.pop_back();
    close('}');
  }

  // To be called once, behind the outermost value.
  void end() { out_.set_end(out_.end() - 1); }

 private:
  void put_string(const StringToken& token) {
    if (token.is_canonical) out_.put(token.text);
    else out_.set_end(write_canonical_string(token.text, out_.end()));
  }

  void open(char bracket) {
    out_.put(bracket);
  }

  void close(char bracket) {
    out_.close(bracket, out_.end()[-1] != ',');
    out_.put(',');
  }

  void find_order(size_t first, MemberOrder& order) {
    const size_t count = members_.size() - first;
    std::vector<std::string_view> names;
    StringDecoder decoder;
    names.reserve(count);
    for (size_t i = first; i != members_.size(); ++i) names.push_back(decoder.decode(members_[i].key));

    order.places.clear();
    order.is_that_of_text = std::is_sorted(names.begin(), names.end(), std::less_equal<>());
    if (order.is_that_of_text) return;
    std::vector<uint32_t> places(count);
    for (uint32_t place = 0; place != count; ++place) places[place] = place;
    std::sort(places.begin(), places.end(), [&](uint32_t left, uint32_t right) {
      const int order_of_names = names[left].compare(names[right]);
      return order_of_names != 0 ? order_of_names < 0 : left < right;
    });
    for (size_t i = 0; i != count; ++i) {
      const bool is_overridden = i + 1 != count && names[places[i]] == names[places[i + 1]];
      if (!is_overridden) order.places.push_back(places[i]);
    }
  }

  void rearrange(size_t first, const MemberOrder& order) {
    const char* begin = members_[first].begin;
    const std::string_view written = out_.since(begin);
    if (scratch_.size() < written.size() + JsonText::kPadding) scratch_.resize(written.size() + JsonText::kPadding);
    std::memcpy(scratch_.data(), written.data(), written.size());
    const char* end = out_.end();
    out_.set_end(const_cast<char*>(begin));
    for (const uint32_t place : order.places) {
      const size_t index = first + place;
      const char* from = members_[index].begin;
      const char* to = index + 1 == members_.size() ? end : members_[index + 1].begin;
      out_.put({scratch_.data() + (from - begin), static_cast<size_t>(to - from)});
    }
  }

  Output& out_;
  // The members of all objects that are being written, the innermost object's last, and where each object's begin.
  std::vector<Member> members_;
  std::vector<size_t> first_members_;
  // By depth: the order of the object that was closed last.
  std::vector<MemberOrder> orders_;
  std::vector<char> scratch_;
};

}  // namespace

Output canonicalize(const JsonText& text) {
  Output out(text.size() + 1);
  CanonicalSink sink(out);
  JsonReader<CanonicalSink>(text, sink).document();
  sink.end();
  return out;
}

std::array<char, 64> fingerprint(const JsonText& text) { return sha256_hex(canonicalize(text).view()); }

void write_canonical(const JsonText& text, const char* value, Output& out) {
  CanonicalSink sink(out);
  JsonReader<CanonicalSink>(text, sink).value(value, 0);
  sink.end();
}

}  // namespace cloaca
