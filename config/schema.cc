#include "config/schema.h"

namespace ficus::config {

const Schema::Place* Schema::Place::find(std::string_view name) const {
  const auto found = keys().find(name);
  return found == keys().end() ? nullptr : &found->second;
}

Schema::Schema() {
  for (const Key& key : key_table()) reach(key.path).key = &key;
  for (const Key& key : key_table()) {
    if (key.type == KeyType::same_as) reach(key.path).same_as = &reach(key.allowed);
  }
}

// "routes[].match" and "backends.*.endpoints" both lead through one level for each name.
Schema::Place& Schema::reach(std::string_view path) {
  Place* place = &root_;
  while (!path.empty()) {
    const std::size_t dot = path.find('.');
    std::string_view name = path.substr(0, dot);
    path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
    if (name == "*") continue;
    if (name.ends_with("[]")) name.remove_suffix(2);
    place = &place->children[name];
  }
  return *place;
}

}  // namespace ficus::config
