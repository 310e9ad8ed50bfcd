#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.h"
#include "proxy/route/request_view.h"
#include "proxy/route/string_index.h"

namespace ficus::proxy {

// Finds the route of a request. Order: exact host before any host; then exact path before the
// longest prefix, by whole segments; then routes that name methods, then those with more header
// conditions, then the order of the file. A candidate whose method or headers do not hold is
// passed over for the next one in that order.
//
// A slash at the end of a prefix is ignored: "/a/" is "/a" and fits "/a", "/a/" and "/a/b", not
// "/ab". "/" fits everything, the "*" of OPTIONS included.
//
// Immutable; any thread. The cost does not depend on the number of hosts and prefixes.
class RouteMatcher {
 public:
  static constexpr int kNoRoute = -1;

  RouteMatcher() = default;  // matches nothing

  // A route's number is its place in `matches`.
  static RouteMatcher build(const std::vector<config::Match>& matches);

  int match(const RequestView& request) const;

 private:
  struct Candidate {
    int route = kNoRoute;
    std::vector<std::string> methods;
    std::vector<config::HeaderCondition> headers;
  };
  using Candidates = std::vector<Candidate>;

  void add(std::string_view host, const config::Match& match, int route);
  int match_host(std::uint32_t host, const RequestView& request) const;
  int match_path(std::uint64_t space, std::string_view path, const RequestView& request) const;

  StringIndex hosts_;                          // number 0 is "any host"
  StringIndex paths_;                          // by host and kind (exact, prefix)
  std::vector<std::size_t> longest_prefixes_;  // by host, in bytes
  std::vector<Candidates> candidates_;         // by path, in the order to try
};

}  // namespace ficus::proxy
