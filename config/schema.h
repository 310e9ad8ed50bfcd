#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "config/key_table.h"

namespace ficus::config {

// The key table as a tree: what may stand below what.
class Schema {
 public:
  struct Place {
    const Key* key = nullptr;  // none for the root
    std::map<std::string_view, Place> children;
    const Place* same_as = nullptr;

    const Place* find(std::string_view name) const;
    const std::map<std::string_view, Place>& keys() const {
      return same_as != nullptr ? same_as->children : children;
    }
    KeyType type() const { return same_as != nullptr ? same_as->key->type : key->type; }
  };

  Schema();
  Schema(const Schema&) = delete;  // places point to each other
  Schema& operator=(const Schema&) = delete;

  const Place& root() const { return root_; }

 private:
  Place& reach(std::string_view path);

  Place root_;
};

}  // namespace ficus::config
