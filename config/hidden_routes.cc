#include "config/hidden_routes.h"

#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "config/path_cuts.h"
#include "config/route_rules.h"

namespace ficus::config {
namespace {

constexpr std::size_t kMostParts = 4'096;  // of one route; more are compared as a whole
constexpr std::size_t kMostCompared = 16;

std::string place_of(const Cursor& other) {
  const Location at = other.at();
  return at.file + ":" + std::to_string(at.line);
}

std::string name_of(const Cursor& route) {
  const Cursor name = route["name"];
  return name.is_scalar() ? name.shown() : route.path();
}

std::string described(const Cursor& route) {
  return "route " + name_of(route) + " (" + place_of(route) + ")";
}

Cursor match_of(const Cursor& route) {
  return route["match"].is_present() ? route["match"] : route;
}

// What a route fits, in parts that another route fits wholly or not at all: by host and method.
std::vector<std::string> parts_of(const Match& match) {
  if (match.methods.empty() || match.methods.size() * match.hosts.size() > kMostParts) {
    return match_keys(match);
  }
  std::vector<std::string> parts;
  Match one = match;
  for (const std::string& method : match.methods) {
    one.methods.assign(1, method);
    for (std::string& key : match_keys(one)) parts.push_back(std::move(key));
  }
  return parts;
}

struct Hidden {
  std::size_t route = 0;
  std::size_t parts = 0;  // of it that go elsewhere
  std::size_t of = 0;     // all its parts
  std::set<std::size_t> by;
};

// The routes of which some part is fitted with the same rank by one before.
std::vector<Hidden> find_hidden(const Draft& draft) {
  std::unordered_map<std::string, std::size_t> seen;  // part -> the first route that fits it
  std::vector<Hidden> all;
  for (std::size_t i = 0; i < draft.routes.size(); ++i) {
    const std::vector<std::string> parts = parts_of(draft.config.routes[i].match);
    Hidden hidden{i, 0, parts.size(), {}};
    for (const std::string& part : parts) {
      const auto [first, is_new] = seen.emplace(part, i);
      if (is_new) continue;
      ++hidden.parts;  // named twice in one route, it is reported elsewhere
      if (first->second != i) hidden.by.insert(first->second);
    }
    if (!hidden.by.empty()) all.push_back(std::move(hidden));
  }
  return all;
}

void warn(const Cursor& at, std::string message, Diagnostics& found) {
  found.push_back({Severity::warning, at.at(), at.path(), std::move(message), "W17"});
}

void warn_of_shared_parts(const Draft& draft, Diagnostics& found) {
  for (const Hidden& hidden : find_hidden(draft)) {
    if (hidden.parts == hidden.of) continue;  // an error
    const Cursor& other = draft.routes[*hidden.by.begin()];
    warn(match_of(draft.routes[hidden.route]),
         std::to_string(hidden.parts) + " of the " + std::to_string(hidden.of) +
             " pairs of host and method that this fits go to " + described(other) +
             ", which has the same path before it; remove them from one of the two",
         found);
  }
}

// Methods rank before headers: a route for one tenant loses the GETs to a route for all GETs.
void warn_of_methods_before_headers(const Draft& draft, Diagnostics& found) {
  const auto bare_keys = [](Match match) {
    match.methods.clear();
    match.headers.clear();
    return match_keys(match);
  };
  std::unordered_map<std::string, std::size_t> by_method;
  for (std::size_t i = 0; i < draft.routes.size(); ++i) {
    const Match& match = draft.config.routes[i].match;
    if (match.methods.empty() || !match.headers.empty() || match.path_regex) continue;
    for (std::string& key : bare_keys(match)) by_method.emplace(std::move(key), i);
  }
  if (by_method.empty()) return;
  for (std::size_t i = 0; i < draft.routes.size(); ++i) {
    const Match& match = draft.config.routes[i].match;
    if (!match.methods.empty() || match.headers.empty()) continue;
    for (const std::string& key : bare_keys(match)) {
      const auto other = by_method.find(key);
      if (other == by_method.end()) continue;
      const std::size_t by = other->second;
      warn(match_of(draft.routes[i])["headers"],
           "its " + draft.config.routes[by].match.methods.front() + " requests go to " +
               described(draft.routes[by]) +
               ": a route with `methods` is tried before one with only `headers`; name the methods "
               "here too",
           found);
      break;
    }
  }
}

// Prefixes that fit all requests of their hosts below them.
class HostRoutes {
 public:
  explicit HostRoutes(const Draft& draft) : draft_(draft) {
    for (std::size_t i = 0; i < draft.routes.size(); ++i) {
      const Match& match = draft.config.routes[i].match;
      if (match.hosts.empty() || match.path_regex) continue;
      for (const std::string& host : match.hosts) own_.insert(host + std::string(path_of(match)));
      const bool fits_all = !match.path && match.methods.empty() && match.headers.empty();
      if (fits_all) by_prefix_[path_of(match)].push_back(i);
    }
  }

  bool empty() const { return by_prefix_.empty(); }

  struct Winner {
    std::size_t route = 0;
    const std::string* host = nullptr;  // nullptr: none
  };

  // Who takes requests for this path before a route without hosts.
  Winner find(std::string_view path) const {
    for (const std::string_view cut : path_cuts(path)) {
      const auto routes = by_prefix_.find(cut);
      if (cut.size() == path.size() || routes == by_prefix_.end()) continue;
      std::size_t compared = 0;
      for (const std::size_t route : routes->second) {
        for (const std::string& host : draft_.config.routes[route].match.hosts) {
          // With a route of its own for the path, the host was thought of.
          if (own_.count(host + std::string(path)) == 0) return {route, &host};
          if (++compared == kMostCompared) return {};
        }
      }
    }
    return {};
  }

 private:
  const Draft& draft_;
  std::unordered_map<std::string_view, std::vector<std::size_t>> by_prefix_;
  std::unordered_set<std::string> own_;  // host and path
};

// Hosts rank before paths: a longer path for any host loses to "/" of the host.
void warn_of_hosts_before_paths(const Draft& draft, Diagnostics& found) {
  const HostRoutes hosts(draft);
  if (hosts.empty()) return;
  for (std::size_t i = 0; i < draft.routes.size(); ++i) {
    const Match& match = draft.config.routes[i].match;
    if (!match.hosts.empty() || match.path_regex || path_of(match).empty()) continue;
    const HostRoutes::Winner winner = hosts.find(path_of(match));
    if (winner.host == nullptr) continue;
    const Cursor cursor = match_of(draft.routes[i]);
    warn(cursor[match.path ? "path" : "path_prefix"],
         "on host " + backquoted(*winner.host) + " these requests go to " +
             described(draft.routes[winner.route]) +
             ": a route with `hosts` is tried before one without, whatever the path; give this "
             "one `hosts` too, or allow this if it is for other hosts",
         found);
  }
}

}  // namespace

void every_route_can_match(const Draft& draft) {
  for (const Hidden& hidden : find_hidden(draft)) {
    if (hidden.parts < hidden.of) continue;
    const Cursor& route = draft.routes[hidden.route];
    std::string others;
    for (const std::size_t by : hidden.by) {
      if (!others.empty()) others += ", ";
      others += described(draft.routes[by]);
      if (others.size() > 200) break;
    }
    match_of(route).error("route " + name_of(route) + " can never match: " + others +
                          (hidden.by.size() == 1 ? " has" : " together have") +
                          " the same match before it");
  }
}

void warn_of_hidden_parts(const Draft& draft, Diagnostics& found) {
  warn_of_shared_parts(draft, found);
  warn_of_methods_before_headers(draft, found);
  warn_of_hosts_before_paths(draft, found);
}

}  // namespace ficus::config
