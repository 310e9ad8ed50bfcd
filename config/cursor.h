#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/findings.h"

namespace ficus::config {

// A place in a document: a value (or where it would stand), its dotted path, and where findings
// about it go. Cheap to copy; valid while the document and the findings are.
class Cursor {
 public:
  Cursor() = default;
  Cursor(const Document& document, Findings& findings);

  bool is_present() const { return node_ != nullptr; }
  bool is_scalar() const { return is(Node::Kind::scalar); }
  bool is_map() const { return is(Node::Kind::map); }
  bool is_sequence() const { return is(Node::Kind::sequence); }
  bool is_null() const { return is(Node::Kind::null); }
  bool is_quoted() const { return is_scalar() && node_->is_quoted; }
  bool is_substituted() const { return is_scalar() && node_->is_substituted; }

  // Empty unless a scalar.
  const std::string& text() const;
  // The value for a message: as written in the file, so that what ${…} stands for stays secret.
  std::string shown() const;
  // The last part of the path: the key in the file.
  const std::string& key() const { return key_; }
  const std::string& path() const { return path_; }

  // The value of a key of this map; not present if there is none.
  Cursor operator[](std::string_view key) const;
  // Of a sequence, in order; a present scalar gives nothing.
  std::vector<Cursor> items() const;
  // Of a map, in order.
  std::vector<Cursor> entries() const;

  // Of the value; for a null, of its key.
  Location at() const;
  Location key_at() const { return {file_ == nullptr ? "" : *file_, key_at_.line, key_at_.column}; }

  // Was an error told of the value, or of what is in it?
  bool is_refused() const;

  // Nothing if the value holds a ${…} that stands for nothing, for that is an error already.
  void error(std::string message) const;
  void error_at_key(std::string message) const;

 private:
  bool is(Node::Kind kind) const { return node_ != nullptr && node_->kind == kind; }
  Cursor child(const Node* node, std::string key, std::string path, Mark key_at) const;

  const Node* node_ = nullptr;
  const std::string* file_ = nullptr;
  Findings* findings_ = nullptr;
  std::string key_;
  std::string path_;
  Mark key_at_;
};

}  // namespace ficus::config
