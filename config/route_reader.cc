#include <algorithm>
#include <array>

#include "config/grammar.h"
#include "config/pattern.h"
#include "config/reader.h"
#include "config/rewrite_reader.h"
#include "config/suggestion.h"
#include "config/take.h"

namespace ficus::config {
namespace {

bool is_off(const Cursor& value) { return value.is_scalar() && value.text() == "off"; }

constexpr std::size_t kMostHeaders = 64;

void read_headers(const Cursor& map, std::vector<HeaderCondition>& headers) {
  for (const Cursor& entry : map.entries()) {
    if (headers.size() == kMostHeaders) {
      return entry.error_at_key("is one too many; a match has at most 64 headers");
    }
    HeaderCondition condition;
    const Parsed<std::string> name = parse_header_name(entry.key());
    if (name.value) {
      condition.name = *name.value;
    } else {
      entry.error_at_key(backquoted(entry.key()) + " " + name.problem);
    }
    condition.value_is_regex = entry.text().starts_with('~');
    take_text(entry, condition.value_is_regex ? parse_value_pattern : parse_header_value,
              condition.value);
    const bool is_twice =
        std::any_of(headers.begin(), headers.end(), [&](const HeaderCondition& other) {
          return lower_case(other.name) == lower_case(condition.name);
        });
    if (is_twice && name.value)
      entry.error_at_key("is named twice; case does not matter in header names");
    headers.push_back(std::move(condition));
  }
}

Match read_match(const Cursor& cursor) {
  Match match;
  take_texts(cursor["hosts"], parse_host, match.hosts);
  take_text(cursor["path"], parse_path, match.path);
  take_text(cursor["path_regex"], parse_path_pattern, match.path_regex);
  take_text(cursor["path_prefix"], parse_path_prefix, match.path_prefix);
  take_texts(cursor["methods"], parse_method, match.methods);
  read_headers(cursor["headers"], match.headers);
  return match;
}

AssignRule read_assign(const Cursor& cursor) {
  AssignRule rule;
  const Cursor match = cursor["match"];
  take_texts(match["methods"], parse_method, rule.methods);
  read_headers(match["headers"], rule.headers);
  take_texts(match["from"], parse_cidr, rule.from);
  if (cursor["side"].text() == "new") rule.side = SideName::fresh;
  return rule;
}

Parsed<std::string> parse_cookie_name(std::string_view text) {
  if (!is_token(text)) return failed<std::string>("is not a cookie name");
  return {std::string(text), {}};
}

Parsed<std::string> parse_secret(std::string_view text) {
  if (text.empty()) return failed<std::string>("is empty; a secret is a text of your own");
  return {std::string(text), {}};
}

Override read_override(const Cursor& cursor) {
  Override rule;
  take_text(cursor["header"], parse_header_name, rule.header);
  take_text(cursor["cookie"], parse_cookie_name, rule.cookie);
  take_texts(cursor["from"], parse_cidr, rule.from);
  take_text(cursor["secret"], parse_secret, rule.secret);
  return rule;
}

void read_sticky(const Cursor& cursor, std::optional<Sticky>& sticky) {
  if (is_off(cursor)) sticky.reset();
  if (!cursor.is_map()) return;
  if (!sticky) sticky.emplace();
  take_texts(cursor["by"], parse_sticky_source, sticky->by);
  take_text(cursor["group"], parse_name, sticky->group);
  if (const Cursor pin = cursor["pin_after_write"]; pin.is_scalar()) {
    take(pin, sticky->pin_after_write.emplace());
  }
}

struct CauseName {
  std::string_view name;
  FallbackCause cause;
};
constexpr std::array kCauses{CauseName{"connect_failure", FallbackCause::connect_failure},
                             CauseName{"reset", FallbackCause::reset},
                             CauseName{"timeout", FallbackCause::timeout},
                             CauseName{"overflow", FallbackCause::overflow}};

void read_cause(const Cursor& item, Fallback& fallback) {
  if (!item.is_scalar()) return;
  const std::string& text = item.text();
  const auto cause = std::find_if(kCauses.begin(), kCauses.end(),
                                  [&](const CauseName& c) { return c.name == text; });
  if (cause != kCauses.end()) {
    fallback.causes.push_back(cause->cause);
    return;
  }
  const Parsed<std::int64_t> status = parse_integer(text);
  if (status.value && *status.value >= 500 && *status.value <= 599) {
    fallback.statuses.push_back(static_cast<int>(*status.value));
    return;
  }
  constexpr std::string_view kAllowed =
      "; allowed: connect_failure, reset, timeout, overflow, 500 to 599";
  if (status.value) {
    item.error(item.shown() + " is not a server error" + std::string(kAllowed));
    return;
  }
  std::vector<std::string_view> words;
  for (const CauseName& c : kCauses) words.push_back(c.name);
  const std::string guess = item.is_substituted() ? "" : did_you_mean(text, words);
  item.error(item.shown() + " is not a cause" + std::string(kAllowed) + guess);
}

void read_fallback(const Cursor& cursor, std::optional<Fallback>& fallback) {
  if (is_off(cursor)) fallback.reset();
  if (!cursor.is_map()) return;
  if (!fallback) fallback.emplace();
  if (const Cursor on = cursor["on"]; on.is_sequence()) {
    fallback->causes.clear();
    fallback->statuses.clear();
    for (const Cursor& item : on.items()) read_cause(item, *fallback);
  }
  take(cursor["max_body"], fallback->max_body);
  take_percent(cursor["budget_percent"], fallback->budget_percent);
}

void read_failures(const Cursor& cursor, GuardFailures& failures) {
  const Cursor statuses = cursor["statuses"];
  take_texts(statuses, parse_status_range, failures.statuses);
  if (statuses.is_scalar()) {
    failures.statuses.assign(1, {});
    take_text(statuses, parse_status_range, failures.statuses.front());
  }
  take_text(cursor["header"], parse_header_line, failures.header);
}

void read_guard(const Cursor& cursor, Guard& guard) {
  if (is_off(cursor)) guard.mode = GuardMode::off;
  if (!cursor.is_map()) return;
  const std::string& mode = cursor["mode"].text();
  if (mode == "enforce") guard.mode = GuardMode::enforce;
  if (mode == "observe") guard.mode = GuardMode::observe;
  if (mode == "off") guard.mode = GuardMode::off;
  take_percent(cursor["max_error_rate"], guard.max_error_rate);
  take(cursor["slow_start"], guard.slow_start);
  take(cursor["unhealthy_grace"], guard.unhealthy_grace);
  read_failures(cursor["failures"], guard.failures);
  if (const Cursor judge = cursor["judge"]; judge.is_map()) {
    if (!guard.judge) guard.judge.emplace();
    take(judge["window"], guard.judge->window);
    take(judge["min_requests"], guard.judge->min_requests);
  }
}

Writes read_writes(const Cursor& cursor) {
  if (cursor.text() == "none") return Writes::none;
  if (cursor.text() == "shared") return Writes::shared;
  if (cursor.text() == "separate") return Writes::separate;
  return Writes::unstated;
}

Weight read_weight(const Cursor& cursor) {
  const std::optional<std::int64_t> parsed = parse_percent(cursor.text()).value;
  if (!parsed || *parsed > Weight::kFull) return {};
  return *Weight::from_basis_points(static_cast<std::uint32_t>(*parsed));
}

}  // namespace

Route read_route(const Cursor& cursor, const Cursor& defaults) {
  Route route;
  route.at = cursor.at();
  take_text(cursor["name"], parse_name, route.name);
  route.match = read_match(cursor["match"]);
  if (cursor["legacy"].is_scalar()) route.legacy = cursor["legacy"].text();
  if (cursor["new"].is_scalar()) route.fresh = cursor["new"].text();
  route.weight = read_weight(cursor["weight"]);
  route.writes = read_writes(cursor["writes"]);
  for (const Cursor& rule : cursor["assign"].items()) route.assign.push_back(read_assign(rule));
  if (const Cursor rule = cursor["override"]; rule.is_map()) {
    route.override_by = read_override(rule);
  }
  read_rewrite(cursor["rewrite"]["legacy"], route.rewrite_legacy);
  read_rewrite(cursor["rewrite"]["new"], route.rewrite_fresh);
  read_sticky(defaults["sticky"], route.sticky);
  read_sticky(cursor["sticky"], route.sticky);
  read_fallback(defaults["fallback"], route.fallback);
  read_fallback(cursor["fallback"], route.fallback);
  // Without a source or a cause, values from the defaults wait for a route that gives one.
  if (route.sticky && route.sticky->by.empty()) route.sticky.reset();
  if (route.fallback && route.fallback->causes.empty() && route.fallback->statuses.empty()) {
    route.fallback.reset();
  }
  read_guard(defaults["guard"], route.guard);
  read_guard(cursor["guard"], route.guard);
  return route;
}

}  // namespace ficus::config
