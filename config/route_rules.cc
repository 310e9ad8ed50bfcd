#include "config/route_rules.h"

#include <algorithm>
#include <set>

#include "config/grammar.h"
#include "config/rewrite_reader.h"
#include "config/suggestion.h"

namespace ficus::config {
namespace {

void has_a_side(const Cursor& route) {
  if (route["legacy"].is_present() || route["new"].is_present()) return;
  route.error("has no side; give it `legacy`, `new` or both, each the name of a backend");
}

void backend_exists(const Cursor& side, const std::vector<std::string_view>& backends) {
  if (!side.is_scalar()) return;
  if (std::find(backends.begin(), backends.end(), side.text()) != backends.end()) return;
  const std::string guess = side.is_substituted() ? "" : did_you_mean(side.text(), backends);
  side.error("there is no backend " + side.shown() + guess);
}

void sides_differ(const Cursor& route) {
  const Cursor fresh = route["new"];
  if (!fresh.is_scalar() || !route["legacy"].is_scalar()) return;
  if (fresh.text() != route["legacy"].text()) return;
  fresh.error(fresh.shown() + " is the legacy side as well; the two sides are two backends");
}

bool has_both_sides(const Cursor& route) {
  return route["legacy"].is_present() && route["new"].is_present();
}

void weight_needs_both_sides(const Cursor& route) {
  const Cursor weight = route["weight"];
  if (!weight.is_present() || has_both_sides(route)) return;
  weight.error_at_key("needs both sides, `legacy` and `new`; with one side all requests go there");
}

void one_kind_of_path(const Cursor& route) {
  const Cursor match = route["match"];
  std::string_view first;
  for (const std::string_view kind : {"path", "path_regex", "path_prefix"}) {
    if (!match[kind].is_present()) continue;
    if (first.empty()) {
      first = kind;
    } else {
      match[kind].error_at_key("stands beside `" + std::string(first) +
                               "`; a match has one of path, path_regex and path_prefix");
    }
  }
}

void listed_once(const Cursor& list) {
  std::set<std::string> seen;
  for (const Cursor& item : list.items()) {
    if (!item.is_scalar()) continue;
    if (!seen.insert(item.text()).second) item.error(item.shown() + " is listed twice");
  }
}

void generated_comes_last(const Cursor& by) {
  const std::vector<Cursor> items = by.items();
  for (std::size_t i = 0; i + 1 < items.size(); ++i) {
    if (items[i].text() != "generated") continue;
    items[i].error("`generated` is always present; put it last, what follows it is never used");
  }
}

void sources_are_usable(const Cursor& sticky) {
  const Cursor by = sticky["by"];
  generated_comes_last(by);
  listed_once(by);
  if (by.is_sequence() && by.items().empty()) {
    by.error("is empty; name at least one source, or write `sticky: off`");
  }
}

void sticky_has_a_source(const Cursor& route, const Route& model) {
  const Cursor sticky = route["sticky"];
  if (!sticky.is_map() || sticky["by"].is_present() || model.sticky) return;
  sticky.error("`by` is missing; name at least one source, such as [cookie:uid]");
}

void assign_is_possible(const Cursor& route) {
  for (const Cursor& rule : route["assign"].items()) {
    const Cursor match = rule["match"];
    const auto has_condition = [&](std::string_view key) {
      const Cursor value = match[key];
      return value.is_present() && !(value.is_sequence() && value.items().empty());
    };
    if (match.is_map() && match.entries().empty()) {
      match.error("is empty; give at least one of `methods`, `headers`, `from`");
    } else if (match.is_map() && !has_condition("methods") && !has_condition("headers") &&
               !has_condition("from")) {
      match.error("has no condition; give at least one of `methods`, `headers`, `from`");
    }
    const Cursor side = rule["side"];
    const bool names_side = side.text() == "legacy" || side.text() == "new";
    if (names_side && !route[side.text()].is_present()) {
      side.error("the route has no side " + side.shown());
    }
  }
}

void override_is_guarded(const Cursor& route) {
  const Cursor rule = route["override"];
  if (!rule.is_map()) return;
  if (!rule["header"].is_present() && !rule["cookie"].is_present()) {
    rule.error("needs `header` or `cookie`, which names the side");
  }
  const Cursor from = rule["from"];
  if (from.is_sequence() && from.items().empty()) {
    from.error("is empty; name who is trusted, or use `secret` alone");
  }
  if (!from.is_present() && !rule["secret"].is_present()) {
    rule.error("needs `from` or `secret`: otherwise every client could choose its side");
  }
}

void causes_are_usable(const Cursor& fallback) {
  const Cursor on = fallback["on"];
  listed_once(on);
  if (on.is_sequence() && on.items().empty()) {
    on.error("is empty; name at least one cause, or write `fallback: off`");
  }
}

void fallback_has_a_cause(const Cursor& route, const Route& model) {
  const Cursor fallback = route["fallback"];
  if (!fallback.is_map() || fallback["on"].is_present() || model.fallback) return;
  fallback.error("`on` is missing; name at least one cause, such as [connect_failure]");
}

template <class T>
std::set<T> as_set(const std::vector<T>& list) {
  return {list.begin(), list.end()};
}

void append(std::string& key, std::string_view part) {
  key += std::to_string(part.size()) + ":";
  key += part;
}

}  // namespace

void validate_route(const Cursor& cursor, const Route& route,
                    const std::vector<std::string_view>& backends) {
  has_a_side(cursor);
  backend_exists(cursor["legacy"], backends);
  backend_exists(cursor["new"], backends);
  sides_differ(cursor);
  weight_needs_both_sides(cursor);
  one_kind_of_path(cursor);
  listed_once(cursor["match"]["hosts"]);
  listed_once(cursor["match"]["methods"]);
  sources_are_usable(cursor["sticky"]);
  sticky_has_a_source(cursor, route);
  assign_is_possible(cursor);
  override_is_guarded(cursor);
  validate_rewrite(cursor);
  causes_are_usable(cursor["fallback"]);
  fallback_has_a_cause(cursor, route);
}

void validate_defaults(const Cursor& defaults) {
  sources_are_usable(defaults["sticky"]);
  causes_are_usable(defaults["fallback"]);
}

std::vector<std::string> match_keys(const Match& match) {
  std::string rest;
  if (match.path) append(rest, "=" + *match.path);
  if (match.path_regex) append(rest, "~" + *match.path_regex);
  // No path at all fits what the prefix "/" fits.
  if (!match.path && !match.path_regex) append(rest, "^" + match.path_prefix.value_or("/"));
  for (const std::string& method : as_set(match.methods)) append(rest, method);
  append(rest, {});
  std::set<std::string> headers;
  for (const HeaderCondition& header : match.headers) {
    std::string one;
    append(one, lower_case(header.name));
    append(one, (header.value_is_regex ? "~" : "=") + header.value);
    headers.insert(std::move(one));
  }
  for (const std::string& header : headers) append(rest, header);
  std::vector<std::string> keys;
  for (const std::string& host : as_set(match.hosts)) keys.push_back(host + "|" + rest);
  if (keys.empty()) keys.push_back("*|" + rest);
  return keys;
}

}  // namespace ficus::config
