// Merges contexts: see merge.h.
//
// Merging in order, two texts at a time, has the same result as one merge of all texts: of the values with one key,
// only the last ones that are all lists, or all objects, are part of the result, because later values replace earlier
// ones.

#include "merge.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "canonical.h"
#include "json_children.h"
#include "json_string.h"
#include "refusal.h"

namespace cloaca {

namespace {

struct Source {
  const JsonText* text;
  std::string_view value;

  bool is_of_same_kind(const Source& other) const {
    return is_object(value) ? is_object(other.value) : is_list(value) && is_list(other.value);
  }
};

using Sources = std::vector<Source>;

// A value with its name for comparison: a decoded key, or the canonical form of a list's element.
struct Entry {
  std::string_view name;
  Source source;
  // Key of a member; unused for an element of a list.
  StringToken key;
};

// Not secure against attackers, who gain nothing: entries with the same hash are distinguished by their names.
uint64_t hash_of(std::string_view name) {
  constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;
  uint64_t hash = name.size();
  for (size_t at = 0; at < name.size(); at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, name.data() + at, std::min(sizeof word, name.size() - at));
    hash = (hash ^ word) * kMultiplier;
    hash ^= hash >> 32;
  }
  return hash;
}

// Groups of entries with the same name, in order of first appearance. The entries of a group keep their order.
class Groups {
 public:
  struct Ranked {
    uint64_t hash;
    size_t entry;
  };
  struct Group {
    const Ranked* begin;
    const Ranked* end;

    size_t first_entry() const { return begin->entry; }
  };

  Groups(const Groups&) = delete;
  explicit Groups(const std::vector<Entry>& entries) {
    ranked_.reserve(entries.size());
    for (size_t i = 0; i != entries.size(); ++i) ranked_.push_back({hash_of(entries[i].name), i});
    std::sort(ranked_.begin(), ranked_.end(), [&](const Ranked& left, const Ranked& right) {
      if (left.hash != right.hash) return left.hash < right.hash;
      const int order = entries[left.entry].name.compare(entries[right.entry].name);
      return order != 0 ? order < 0 : left.entry < right.entry;
    });
    for (const Ranked& ranked : ranked_) {
      const bool is_next = !groups_.empty() && entries[groups_.back().first_entry()].name == entries[ranked.entry].name;
      if (is_next) groups_.back().end = &ranked + 1;
      else groups_.push_back({&ranked, &ranked + 1});
    }
    std::sort(groups_.begin(), groups_.end(), [](const Group& left, const Group& right) {
      return left.first_entry() < right.first_entry();
    });
  }

  std::vector<Group>::const_iterator begin() const { return groups_.begin(); }
  std::vector<Group>::const_iterator end() const { return groups_.end(); }

 private:
  std::vector<Ranked> ranked_;
  std::vector<Group> groups_;
};

struct Container {
  const JsonText* text;
  Children children;
};

using Containers = std::vector<Container>;

class Merger {
 public:
  explicit Merger(Output& out) : out_(out) {}

  void objects(const Containers& objects) {
    std::vector<Entry> entries;
    for (const Container& object : objects) {
      for (size_t i = 0; i != object.children.keys.size(); ++i) {
        const StringToken key = object.children.keys[i];
        entries.push_back({decoder_.decode(key), {object.text, object.children.values[i]}, key});
      }
    }
    out_.put('{');
    for (const Groups::Group& group : Groups(entries)) {
      key(entries[group.first_entry()].key);
      value(values_of(entries, group));
      out_.put(',');
    }
    out_.close('}', entries.empty());
  }

 private:
  void value(const Sources& sources) {
    const Source& last = sources.back();
    auto first = sources.end() - 1;
    while (first != sources.begin() && last.is_of_same_kind(*(first - 1))) --first;
    if (first == sources.end() - 1) return out_.put(last.value);

    Containers merged;
    for (auto source = first; source != sources.end(); ++source) {
      merged.push_back({source->text, children_of(*source->text, source->value)});
    }
    if (is_object(last.value)) objects(merged);
    else lists(merged);
  }

  void lists(const Containers& lists) {
    size_t size = 0;
    for (const Container& list : lists) {
      for (const std::string_view item : list.children.values) size += item.size();
    }
    Output canonical_items(size);
    std::vector<Entry> entries;
    for (const Container& list : lists) {
      CanonicalWriter writer(*list.text, canonical_items);
      for (const std::string_view item : list.children.values) {
        const char* begin = canonical_items.end();
        writer.write(item.data());
        entries.push_back({canonical_items.since(begin), {list.text, item}, {}});
      }
    }
    out_.put('[');
    for (const Groups::Group& group : Groups(entries)) out_.put(entries[group.first_entry()].source.value, ',');
    out_.close(']', entries.empty());
  }

  // The last of duplicates in one text takes precedence.
  static Sources values_of(const std::vector<Entry>& entries, const Groups::Group& group) {
    Sources values;
    for (const Groups::Ranked* ranked = group.begin; ranked != group.end; ++ranked) {
      const Source& source = entries[ranked->entry].source;
      if (!values.empty() && values.back().text == source.text) values.back() = source;
      else values.push_back(source);
    }
    return values;
  }

  void key(StringToken token) {
    if (token.is_canonical) return out_.put(token.text(), ':');
    out_.set_end(write_canonical_string(token.text(), out_.end()));
    out_.put(':');
  }

  Output& out_;
  StringDecoder decoder_;
};

Document read_object(const JsonText& text, size_t position) {
  try {
    Document document = read_document(text);
    if (!is_object(document.value)) refuse(text, document.value.data(), Fault::not_an_object);
    return document;
  } catch (Refusal& refusal) {
    refusal.position = position;
    throw;
  }
}

}  // namespace

Output merge(const std::vector<JsonText>& texts) {
  constexpr std::string_view kEmptyObject = "{}";
  size_t size = kEmptyObject.size();
  for (const JsonText& text : texts) size += text.size();
  Output out(size);
  Containers objects;
  for (size_t position = 0; position != texts.size(); ++position) {
    Document document = read_object(texts[position], position);
    if (texts.size() == 1) out.put(document.value);
    else objects.push_back({&texts[position], std::move(document.children)});
  }
  if (texts.size() != 1) Merger(out).objects(objects);
  return out;
}

}  // namespace cloaca
