#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/head_buffer.h"
#include "proxy/http/head_fields.h"

namespace ficus::proxy::http {

// A path as clients see it and as the backend sees it. Prefixes have no slash at their end, so that
// "/" is empty.
struct PathChange {
  enum class Part : std::uint8_t {
    prefix,  // by whole segments; the rest stays
    whole,
  };

  // From "/a" and "/b", as they are written in the configuration.
  static PathChange of(Part part, std::string_view outside, std::string_view inside);

  Part part = Part::prefix;
  std::string outside;
  std::string inside;
};

// How requests are changed for one side of a route. Immutable.
class Rewrite {
 public:
  struct Line {
    std::string name;
    std::string value;
  };

  std::optional<PathChange> path;
  std::string host;  // empty: the client's

  // A field that is written in place of all of that name, or that is not sent on. Names and values
  // have been checked: tokens, no control characters, nothing of framing or the connection.
  void set_field(std::string name, std::string value);
  void remove_field(std::string name);

  const std::vector<Line>& added() const { return set_; }

  // Is the client's field, or the proxy's own of that name, not sent on?
  bool drops(HeaderId id, std::string_view name) const;

  // Do answers name places that clients do not know?
  bool changes_places() const { return path.has_value() || !host.empty(); }

  // The request target as the backend gets it; `path` is the part before the query. A path that the
  // change does not fit stays.
  void append_target(std::string_view target, std::string_view target_path, HeadBuffer& out) const;

 private:
  void note_dropped(const std::string& name);

  std::vector<Line> set_;
  std::vector<std::string> unknown_;  // dropped names that have no id of their own
  std::uint64_t known_ = 0;           // ids of the dropped ones that have
  std::uint64_t sizes_ = 0;           // of the unknown ones, so that most names need no comparing
};

// Is `path` the prefix, or does it begin with the prefix and a slash?
bool lies_under(std::string_view path, std::string_view prefix);

}  // namespace ficus::proxy::http
