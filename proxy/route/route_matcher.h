#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.h"
#include "proxy/route/condition.h"
#include "proxy/route/pattern.h"
#include "proxy/route/request_view.h"
#include "proxy/route/string_index.h"

namespace ficus::proxy {

// Finds the route of a request. Order: exact host, longest suffix, any host; then exact path, the
// first regex in the order of the file, the longest prefix by whole segments; then routes that name
// methods, then those with more header conditions, then the order of the file. A candidate whose
// method or headers do not hold is passed over for the next one in that order.
//
// The host "*.example.com" fits any number of labels before ".example.com", not "example.com".
//
// A slash at the end of a prefix is ignored: "/a/" is "/a" and fits "/a", "/a/" and "/a/b", not
// "/ab". "/" fits everything, the "*" of OPTIONS included.
//
// Immutable; any thread. The cost does not depend on the number of hosts and prefixes. All regexes
// of a host together cost one search if none of them fits.
class RouteMatcher {
 public:
  static constexpr int kNoRoute = -1;

  RouteMatcher() = default;  // matches nothing

  // A route's number is its place in `matches`.
  static RouteMatcher build(const std::vector<config::Match>& matches, std::size_t workers = 1);

  int match(const RequestView& request) const;

 private:
  struct Candidate {
    int route = kNoRoute;
    std::vector<std::string> methods;
    Conditions headers;
  };
  using Candidates = std::vector<Candidate>;

  struct Host {
    std::size_t longest_prefix = 0;      // in bytes
    std::vector<std::uint32_t> regexes;  // numbers of paths_, in the order of the file
    PatternList patterns;                // the same, compiled
  };

  void add(std::string_view host, const config::Match& match, Candidate candidate);
  std::uint32_t add_path(std::uint32_t host, const config::Match& match);
  void compile(PatternCopies copies);
  int match_suffixes(std::string_view host, const RequestView& request) const;
  int match_host(std::uint32_t host, const RequestView& request) const;
  int match_regexes(const Host& host, const RequestView& request) const;
  int match_path(std::uint64_t space, std::string_view path, const RequestView& request) const;
  int match_candidates(std::uint32_t path, const RequestView& request) const;

  StringIndex host_names_;              // number 0 is "any host"
  StringIndex paths_;                   // by host and kind (exact, regex, prefix)
  std::vector<Host> hosts_;             // by number
  std::size_t longest_suffix_ = 0;      // of a host "*.suffix", in bytes; 0: there is none
  std::vector<Candidates> candidates_;  // by path, in the order to try
};

}  // namespace ficus::proxy
