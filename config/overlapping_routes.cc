#include "config/overlapping_routes.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/path_cuts.h"
#include "config/units.h"

namespace ficus::config {
namespace {

constexpr std::size_t kMostCompared = 16;  // routes of the same host and path

// At 0 and 100 % everybody is on one side: a group would change nothing.
bool is_split(const Route& route) {
  return route.legacy && route.fresh && route.weight != Weight{} &&
         route.weight.basis_points() < Weight::kFull;
}

// One header cannot have two values, so that no client meets both routes.
bool exclude_each_other(const Match& a, const Match& b) {
  for (const HeaderCondition& left : a.headers) {
    for (const HeaderCondition& right : b.headers) {
      const bool both_exact = !left.value_is_regex && !right.value_is_regex;
      if (both_exact && left.name == right.name && left.value != right.value) return true;
    }
  }
  return false;
}

bool share_a_group(const Route& a, const Route& b) {
  return a.sticky && b.sticky && a.sticky->group && a.sticky->group == b.sticky->group;
}

std::string key_of(std::string_view host, std::string_view path) {
  return std::string(host) + std::string(path);  // a path begins with a slash, a host has none
}

// The hosts of the file under which a host falls, in the order in which they are tried.
std::vector<std::string> host_cuts(const std::string& host) {
  std::vector<std::string> cuts;
  if (!host.empty()) cuts.push_back(host);
  for (std::size_t dot = host.find('.'); dot != std::string::npos; dot = host.find('.', dot + 1)) {
    const std::string suffix = "*" + host.substr(dot);
    if (suffix != host) cuts.push_back(suffix);
  }
  cuts.emplace_back();
  return cuts;
}

class Overlaps {
 public:
  explicit Overlaps(const Draft& draft) : draft_(draft) {
    for (std::size_t i = 0; i < draft.routes.size(); ++i) {
      const Route& route = draft.config.routes[i];
      if (!is_split(route) || route.match.path || route.match.path_regex) continue;
      const std::string path(path_of(route.match));
      if (route.match.hosts.empty()) by_place_[key_of("", path)].push_back(i);
      for (const std::string& host : route.match.hosts) by_place_[key_of(host, path)].push_back(i);
    }
  }

  // The nearest split route above this one that sends another share; its own number if none.
  std::size_t find(std::size_t route) const {
    const std::vector<std::string>& hosts = draft_.config.routes[route].match.hosts;
    if (hosts.empty()) return find_on("", route);
    for (const std::string& host : hosts) {
      const std::size_t found = find_on(host, route);
      if (found != route) return found;
    }
    return route;
  }

 private:
  std::size_t find_on(const std::string& host, std::size_t route) const {
    for (const std::string& one : host_cuts(host)) {
      for (const std::string_view cut : path_cuts(path_of(draft_.config.routes[route].match))) {
        const auto others = by_place_.find(key_of(one, cut));
        if (others == by_place_.end()) continue;
        const Level level = compare(route, others->second);
        if (level.met_any) return level.differing;
      }
    }
    return route;
  }

  struct Level {
    bool met_any = false;
    std::size_t differing = 0;
  };

  Level compare(std::size_t route, const std::vector<std::size_t>& others) const {
    const Route& own = draft_.config.routes[route];
    Level level{false, route};
    std::size_t compared = 0;
    for (const std::size_t i : others) {
      const Route& other = draft_.config.routes[i];
      const bool same_path = path_of(other.match) == path_of(own.match) && !own.match.path;
      if (i == route || (same_path && i > route)) continue;  // the later one tells
      if (++compared > kMostCompared) break;
      if (exclude_each_other(own.match, other.match)) continue;
      level.met_any = true;
      if (other.weight == own.weight || share_a_group(own, other)) continue;
      level.differing = i;
      return level;
    }
    return level;
  }

  const Draft& draft_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_place_;
};

std::string share(const Route& route) { return format_percent(route.weight.basis_points()) + " %"; }

}  // namespace

void warn_of_overlaps(const Draft& draft, Diagnostics& found) {
  const Overlaps overlaps(draft);
  for (std::size_t i = 0; i < draft.routes.size(); ++i) {
    const Route& route = draft.config.routes[i];
    if (!is_split(route) || route.match.path_regex) continue;
    const std::size_t other = overlaps.find(i);
    if (other == i) continue;
    const Route& above = draft.config.routes[other];
    const Cursor& cursor = draft.routes[other];
    const Cursor weight = draft.routes[i]["weight"];
    const std::string path(path_of(above.match));
    found.push_back(
        {Severity::warning, weight.at(), weight.path(),
         share(route) + " go to new, but " + share(above) + " of route " + cursor["name"].shown() +
             " (" + cursor.at().file + ":" + std::to_string(cursor.at().line) +
             "), which has the paths around it (" + (path.empty() ? "/" : path) +
             "): a client meets old and new in any mixture; give both the same `sticky` with the "
             "same `group`, or the same weight",
         "W05"});
  }
}

}  // namespace ficus::config
