#include "config/cursor.h"

#include <algorithm>

namespace ficus::config {

Cursor::Cursor(const Document& document, Findings& findings)
    : node_(document.root.get()),
      file_(&document.file),
      findings_(&findings),
      key_at_(document.root->at) {}

const std::string& Cursor::text() const {
  static const std::string kNone;
  return is_scalar() ? node_->text : kNone;
}

std::string Cursor::shown() const {
  if (!is_scalar()) return "the value";
  return backquoted(node_->is_substituted ? node_->written : node_->text);
}

Cursor Cursor::child(const Node* node, std::string key, std::string path, Mark key_at) const {
  Cursor cursor = *this;
  cursor.node_ = node;
  cursor.key_ = std::move(key);
  cursor.path_ = std::move(path);
  cursor.key_at_ = key_at;
  return cursor;
}

Cursor Cursor::operator[](std::string_view key) const {
  const std::string path = path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  if (!is_map()) return child(nullptr, std::string(key), path, key_at_);
  const auto entry = std::find_if(node_->entries.begin(), node_->entries.end(),
                                  [&](const Entry& e) { return e.key == key; });
  if (entry == node_->entries.end()) return child(nullptr, std::string(key), path, node_->at);
  return child(entry->value.get(), entry->key, path, entry->key_at);
}

std::vector<Cursor> Cursor::items() const {
  std::vector<Cursor> all;
  if (!is_sequence()) return all;
  for (const NodePtr& item : node_->items) {
    all.push_back(
        child(item.get(), key_, path_ + "[" + std::to_string(all.size()) + "]", item->at));
  }
  return all;
}

std::vector<Cursor> Cursor::entries() const {
  std::vector<Cursor> all;
  if (!is_map()) return all;
  for (const Entry& entry : node_->entries) {
    all.push_back(child(entry.value.get(), entry.key,
                        path_.empty() ? entry.key : path_ + "." + entry.key, entry.key_at));
  }
  return all;
}

Location Cursor::at() const {
  if (node_ == nullptr || is_null()) return key_at();
  return {*file_, node_->at.line, node_->at.column};
}

bool Cursor::is_refused() const {
  return findings_ != nullptr && findings_->any_error_in(*file_, path_);
}

void Cursor::error(std::string message) const {
  // What is said of the rest of such a value would only follow from the error that was told.
  if (is_scalar() && node_->is_unknown) return;
  findings_->error(at(), path_, std::move(message));
}

void Cursor::error_at_key(std::string message) const {
  findings_->error(key_at(), path_, std::move(message));
}

}  // namespace ficus::config
