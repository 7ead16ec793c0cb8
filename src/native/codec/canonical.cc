// The canonical form of JSON: see canonical.h.
//
// The form is written while the text is read. When an object ends whose keys are not in order, its written members are
// moved.

#include "canonical.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <numeric>
#include <string_view>
#include <vector>

#include "json_reader.h"
#include "json_string.h"
#include "sha256.h"

namespace cloaca {

namespace {

// Members that stay next to each other, by their places in the text.
struct Run {
  uint32_t first;
  uint32_t end;
};

// Order in which an object's members are written. Members that a duplicate overrides are in no run.
struct MemberOrder {
  bool is_that_of_text = true;
  std::vector<Run> runs;
};

MemberOrder order_of(const std::vector<StringToken>& keys) {
  StringDecoder decoder;
  std::vector<std::string_view> names;
  names.reserve(keys.size());
  for (const StringToken key : keys) names.push_back(decoder.decode(key));

  MemberOrder order;
  order.is_that_of_text = std::adjacent_find(names.begin(), names.end(), std::greater_equal<>()) == names.end();
  if (order.is_that_of_text) return order;

  std::vector<uint32_t> places(names.size());
  std::iota(places.begin(), places.end(), 0u);
  std::sort(places.begin(), places.end(), [&](uint32_t left, uint32_t right) {
    const int comparison = names[left].compare(names[right]);
    return comparison != 0 ? comparison < 0 : left < right;
  });
  for (size_t i = 0; i != places.size(); ++i) {
    const bool is_overridden = i + 1 != places.size() && names[places[i]] == names[places[i + 1]];
    if (is_overridden) continue;
    if (!order.runs.empty() && order.runs.back().end == places[i]) ++order.runs.back().end;
    else order.runs.push_back({places[i], places[i] + 1});
  }
  return order;
}

// Writes a comma after every value. The next character overwrites the last comma.
class CanonicalSink {
 public:
  explicit CanonicalSink(Output& out) : out_(out) {}

  void scalar(std::string_view token) { out_.put(token, ','); }

  void string(StringToken token) { put_string(token, ','); }

  void key(StringToken token) {
    members_.push_back(out_.end());
    put_string(token, ':');
  }

  void open_list(const char*) { out_.put('['); }

  void close_list(const char*) { close(']'); }

  void open_object(const char*) { out_.put('{'); }

  void close_object(const char*, const ObjectKeys& keys) {
    if (keys.depth >= orders_.size()) orders_.resize(keys.depth + 1);
    MemberOrder& order = orders_[keys.depth];
    if (!keys.are_same) order = order_of(keys.tokens);
    const size_t first = members_.size() - keys.tokens.size();
    if (!order.is_that_of_text) rearrange(first, order);
    members_.resize(first);
    close('}');
  }

  void end() { out_.set_end(out_.end() - 1); }

 private:
  void put_string(StringToken token, char separator) {
    if (token.is_canonical) return out_.put(token.text(), separator);
    out_.set_end(write_canonical_string(token.text(), out_.end()));
    out_.put(separator);
  }

  void close(char bracket) {
    out_.close(bracket, out_.end()[-1] != ',');
    out_.put(',');
  }

  // Sorts the members of the last object, from the given one.
  void rearrange(size_t first, const MemberOrder& order) {
    char* const begin = members_[first];
    const std::string_view written = out_.since(begin);
    if (scratch_size_ < written.size()) {
      scratch_size_ = 2 * written.size();
      scratch_.reset(new char[scratch_size_ + JsonText::kPadding]);
    }
    std::memcpy(scratch_.get(), written.data(), written.size());

    members_.push_back(out_.end());
    out_.set_end(begin);
    for (const Run& run : order.runs) {
      const char* from = members_[first + run.first];
      const char* to = members_[first + run.end];
      out_.put({scratch_.get() + (from - begin), static_cast<size_t>(to - from)});
    }
  }

  Output& out_;
  // Beginnings of the members of all open objects; those of the innermost object are last.
  std::vector<char*> members_;
  // By depth: member order of the object that was closed last.
  std::vector<MemberOrder> orders_;
  std::unique_ptr<char[]> scratch_;
  size_t scratch_size_ = 0;
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

struct CanonicalWriter::Parts {
  CanonicalSink sink;
  JsonReader<CanonicalSink> reader;

  Parts(const JsonText& text, Output& out) : sink(out), reader(text, sink) {}
};

CanonicalWriter::CanonicalWriter(const JsonText& text, Output& out) : parts_(new Parts(text, out)) {}

CanonicalWriter::~CanonicalWriter() = default;

void CanonicalWriter::write(const char* value) {
  parts_->reader.value(value, 0);
  parts_->sink.end();
}

}  // namespace cloaca
