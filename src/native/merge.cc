// Merges contexts: see merge.h.
//
// Merging in order, two at a time, is done for all texts at once: of the values that stand under one key only the last ones
// that are all lists, or all objects, have a part in the result, since anything else before them was overruled.

#include "merge.h"

#include <algorithm>
#include <string_view>

#include "canonical.h"
#include "json_tape.h"
#include "refusal.h"

namespace cloaca {

namespace {

// A value in one of the texts.
struct Source {
  const Tape* tape;
  uint32_t value;

  const Node& node() const { return (*tape)[value]; }
  std::string_view token() const { return tape->token(value); }
};

using Sources = std::vector<Source>;

// A value under the name that it is told apart by: a key, or the canonical form of a list's element.
struct Entry {
  std::string_view name;
  // Where it comes among all entries.
  size_t order;
  Source source;
};

// The entries of one name, a range of the sorted entries.
struct Group {
  size_t first;
  size_t last;
};

// Sorts the entries by name, each name's by order, and returns the names' groups in order of first appearance.
std::vector<Group> group_by_name(std::vector<Entry>& entries) {
  std::sort(entries.begin(), entries.end(), [](const Entry& left, const Entry& right) {
    const int order = left.name.compare(right.name);
    return order != 0 ? order < 0 : left.order < right.order;
  });
  std::vector<Group> groups;
  for (size_t i = 0; i != entries.size(); ++i) {
    if (i != 0 && entries[i].name == entries[i - 1].name) groups.back().last = i + 1;
    else groups.push_back({i, i + 1});
  }
  std::sort(groups.begin(), groups.end(), [&](const Group& left, const Group& right) {
    return entries[left.first].order < entries[right.first].order;
  });
  return groups;
}

class Merger {
 public:
  explicit Merger(Output& out) : out_(out) {}

  void value(const Sources& sources) {
    const Kind kind = sources.back().node().kind;
    auto first = sources.end() - 1;
    while (first != sources.begin() && (first - 1)->node().kind == kind) --first;
    const Sources merged(first, sources.end());

    if (kind == Kind::object && merged.size() > 1) objects(merged);
    else if (kind == Kind::list && merged.size() > 1) lists(merged);
    else out_.put(sources.back().token());
  }

 private:
  void objects(const Sources& sources) {
    std::vector<Entry> entries;
    for (const Source& source : sources) {
      source.tape->for_each_key(source.value, [&](uint32_t key) {
        entries.push_back({decoder_.decode(source.tape->string(key)), entries.size(), {source.tape, key}});
      });
    }
    out_.put('{');
    for (const Group& group : group_by_name(entries)) {
      put_key(entries[group.first].source);
      out_.put(':');
      value(values_of(entries, group));
      out_.put(',');
    }
    out_.close('}', entries.empty());
  }

  // Of duplicates in one text only the last has a say.
  static Sources values_of(const std::vector<Entry>& entries, const Group& group) {
    Sources values;
    for (size_t i = group.first; i != group.last; ++i) {
      const Source& key = entries[i].source;
      if (!values.empty() && values.back().tape == key.tape) values.pop_back();
      values.push_back({key.tape, key.value + 1});
    }
    return values;
  }

  void lists(const Sources& sources) {
    size_t size = 0;
    for (const Source& source : sources) size += source.token().size();
    Output canonical_items(size);
    std::vector<Entry> entries;
    for (const Source& source : sources) {
      source.tape->for_each_item(source.value, [&](uint32_t item) {
        const char* begin = canonical_items.end();
        write_canonical(source.tape->text(), source.tape->token(item).data(), canonical_items);
        entries.push_back({canonical_items.since(begin), entries.size(), {source.tape, item}});
      });
    }
    out_.put('[');
    for (const Group& group : group_by_name(entries)) {
      out_.put(entries[group.first].source.token());
      out_.put(',');
    }
    out_.close(']', entries.empty());
  }

  void put_key(const Source& key) {
    const StringToken token = key.tape->string(key.value);
    if (token.is_canonical) out_.put(token.text);
    else out_.set_end(write_canonical_string(token.text, out_.end()));
  }

  Output& out_;
  StringDecoder decoder_;
};

// One tape a text, in their order. They stay where they are, since sources point to them.
std::vector<Tape> read_objects(const std::vector<JsonText>& texts) {
  std::vector<Tape> tapes;
  tapes.reserve(texts.size());
  for (size_t position = 0; position != texts.size(); ++position) {
    const JsonText& text = texts[position];
    try {
      const Tape& tape = tapes.emplace_back(text);
      const Node& root = tape[Tape::kRoot];
      if (root.kind != Kind::object) refuse(text, text.begin() + root.begin, Fault::not_an_object);
    } catch (Refusal& refusal) {
      refusal.position = position;
      throw;
    }
  }
  return tapes;
}

}  // namespace

Output merge(const std::vector<JsonText>& texts) {
  constexpr std::string_view kEmptyObject = "{}";
  size_t size = kEmptyObject.size();
  for (const JsonText& text : texts) size += text.size();
  Output out(size);
  if (texts.empty()) {
    for (const char c : kEmptyObject) out.put(c);
    return out;
  }
  const std::vector<Tape> tapes = read_objects(texts);
  Sources roots;
  for (const Tape& tape : tapes) roots.push_back({&tape, Tape::kRoot});
  Merger(out).value(roots);
  return out;
}

}  // namespace cloaca
