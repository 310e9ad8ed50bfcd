#include "config/advice_rules.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

#include "config/hidden_routes.h"
#include "config/overlapping_routes.h"
#include "config/recognition.h"
#include "config/units.h"

namespace ficus::config {
namespace {

// The longest that balancers and clients are known to wait for an answer's first byte is 60 to
// 100 s where nobody changed it.
constexpr milliseconds kPatience{90'000};
constexpr milliseconds kShortTry{30'000};

bool has_both_sides(const Route& route) { return route.legacy && route.fresh; }

Diagnostic warning(std::string code, const Cursor& at, std::string message) {
  return {Severity::warning, at.at(), at.path(), std::move(message), std::move(code)};
}

class Advisor {
 public:
  explicit Advisor(const Draft& draft) : draft_(draft) {
    for (std::size_t i = 0; i < draft.backends.size(); ++i) {
      backends_.emplace(draft.backends[i].key(), i);
    }
    const auto believes_nobody = [](const Listener& listener) {
      return listener.trusted_proxies.empty();
    };
    const std::vector<Listener>& listeners = draft.config.listeners;
    const auto found = std::find_if(listeners.begin(), listeners.end(), believes_nobody);
    if (found != listeners.end()) {
      untrusting_ = "listeners[" + std::to_string(found - listeners.begin()) + "]";
    }
  }

  Diagnostics run() && {
    for (std::size_t i = 0; i < draft_.routes.size(); ++i) {
      const Route& route = draft_.config.routes[i];
      if (!has_both_sides(route)) continue;
      const Cursor& cursor = draft_.routes[i];
      guard_is_on(route, cursor);
      client_addresses_are_known(route, cursor);
      private_ranges_are_safe(cursor);
      writes_stay_together(route, cursor);
      keys_last(route, cursor);
      new_is_checked(route, cursor);
      fallback_is_in_time(route, cursor);
    }
    tell_unchecked();
    return std::move(found_);
  }

 private:
  // A new side's backend without a health check.
  struct Unchecked {
    std::string first;  // route that uses it
    Weight share;       // of that one
    std::size_t routes = 0;
  };

  // Where the route's own file says it, or the defaults; the route if nobody does.
  Cursor cause(const Cursor& route, std::string_view key) const {
    if (route[key].is_present()) return route[key];
    const Cursor common = draft_.root["defaults"][key];
    return common.is_present() ? common : route;
  }
  // The list inside that block which is in force.
  Cursor cause(const Cursor& route, std::string_view key, std::string_view list) const {
    if (route[key][list].is_present()) return route[key][list];
    return draft_.root["defaults"][key][list];
  }

  void guard_is_on(const Route& route, const Cursor& cursor) {
    if (route.guard.mode != GuardMode::off) return;
    found_.push_back(warning(
        "W01", cause(cursor, "guard"),
        "the guard is off on a route with both sides: nothing takes the traffic back when new "
        "breaks; remove this, or write `guard: {mode: observe}` to watch it first"));
  }

  void client_addresses_are_known(const Route& route, const Cursor& cursor) {
    if (untrusting_.empty() || !route.sticky) return;
    for (const Cursor& item : cause(cursor, "sticky", "by").items()) {
      if (item.text() != "client_ip") continue;
      found_.push_back(warning(
          "W02", item,
          "behind a balancer everybody has its address and so the same key, all on one side; name "
          "the balancers in " +
              untrusting_ + ".trusted_proxies, or allow this if clients connect directly"));
    }
  }

  void private_ranges_are_safe(const Cursor& cursor) {
    if (untrusting_.empty()) return;
    private_range(cursor["override"]["from"], "whom this trusts to choose a side");
    for (const Cursor& rule : cursor["assign"].items()) {
      private_range(rule["match"]["from"], "whom this rule is for");
    }
  }

  void private_range(const Cursor& list, const std::string& role) {
    for (const Cursor& item : list.items()) {
      if (!holds_private_addresses(item.text())) continue;
      found_.push_back(warning(
          "W03", item,
          item.shown() + " holds private addresses: behind a balancer that has one, everybody is " +
              role + "; name the balancers in " + untrusting_ +
              ".trusted_proxies, or allow this if clients connect directly"));
    }
  }

  void writes_stay_together(const Route& route, const Cursor& cursor) {
    if (route.writes == Writes::none || route.weight.basis_points() == Weight::kFull) return;
    constexpr std::array kSafe{"GET",   "HEAD",   "OPTIONS", "TRACE",
                               "QUERY", "REPORT", "SEARCH",  "PROPFIND"};  // IANA's registry
    const std::vector<std::string>& methods = route.match.methods;
    const auto is_safe = [&](const std::string& method) {
      return std::find(kSafe.begin(), kSafe.end(), method) != kSafe.end();
    };
    if (!methods.empty() && std::all_of(methods.begin(), methods.end(), is_safe)) return;
    const bool is_stated = route.writes != Writes::unstated;
    if (route.sticky && is_stated) return;
    const auto unsafe = std::find_if_not(methods.begin(), methods.end(), is_safe);
    std::string message = (methods.empty() ? "POST and other unsafe methods" : *unsafe);
    message += methods.empty() ? " are split between the sides" : " is split between the sides";
    if (!route.sticky) {
      message +=
          ", each request by a new draw, so one user's steps alternate; add `sticky`, such "
          "as {by: [\"cookie:uid\", generated]}";
      if (!is_stated) message += ", and say with";
    } else {
      message += "; say with";
    }
    if (!is_stated) {
      message +=
          " `writes` whether each side sees what was written on the other (none | shared | "
          "separate)";
    }
    found_.push_back(warning("W04", cursor, std::move(message)));
  }

  void keys_last(const Route& route, const Cursor& cursor) {
    constexpr std::string_view kCookie = "cookie:";
    if (!route.sticky) return;
    for (const Cursor& item : cause(cursor, "sticky", "by").items()) {
      const std::string& text = item.text();
      if (!text.starts_with(kCookie)) continue;
      if (!is_session_cookie(text.substr(kCookie.size()))) continue;
      found_.push_back(warning(
          "W06", item,
          item.shown() +
              " is a session cookie: a client has none at first and gets another when it logs in, "
              "and may change sides each time; use what lasts, such as a cookie with the account's "
              "number, or `generated` alone"));
    }
  }

  void new_is_checked(const Route& route, const Cursor& cursor) {
    const auto found = backends_.find(*route.fresh);
    if (found == backends_.end() || route.weight == Weight{}) return;
    if (draft_.config.backends[found->second].health_check) return;
    Unchecked& unchecked = unchecked_[found->second];
    if (unchecked.routes++ > 0) return;
    unchecked.first = cursor["name"].shown();
    unchecked.share = route.weight;
  }

  // Once a backend, however many routes use it.
  void tell_unchecked() {
    for (std::size_t i = 0; i < draft_.backends.size(); ++i) {
      const auto found = unchecked_.find(i);
      if (found == unchecked_.end()) continue;
      const std::size_t others = found->second.routes - 1;
      const Cursor& backend = draft_.backends[i];
      found_.push_back(
          {Severity::warning, backend.key_at(), backend.path(),
           "has no health check and gets " + format_percent(found->second.share.basis_points()) +
               " % of route " + found->second.first +
               (others == 0 ? "" : " and a share of " + std::to_string(others) + " more") +
               ": that it is down shows only in requests that fail; add `health_check: {path: "
               "/healthz}` with a path that it answers",
           "W09"});
    }
  }

  void fallback_is_in_time(const Route& route, const Cursor& cursor) {
    if (!route.fallback) return;
    const std::vector<FallbackCause>& causes = route.fallback->causes;
    if (std::find(causes.begin(), causes.end(), FallbackCause::timeout) == causes.end()) return;
    const auto fresh = backends_.find(*route.fresh);
    const auto legacy = backends_.find(*route.legacy);
    if (fresh == backends_.end() || legacy == backends_.end()) return;
    const milliseconds first = draft_.config.backends[fresh->second].timeouts.first_byte;
    const milliseconds second = draft_.config.backends[legacy->second].timeouts.first_byte;
    if (first <= kShortTry || first + second <= kPatience) return;
    found_.push_back(warning(
        "W10", cause(cursor, "fallback", "on"),
        "after a timeout on new the fallback waits again: " + format_duration(first) + " for " +
            *route.fresh + " and then up to " + format_duration(second) + " for " + *route.legacy +
            ", when most clients have gone; set backends." + *route.fresh +
            ".timeouts.first_byte to " + format_duration(kShortTry) + " or less, such as 5s"));
  }

  const Draft& draft_;
  std::unordered_map<std::string, std::size_t> backends_;
  std::string untrusting_;  // the first listener that believes nobody about the client
  std::unordered_map<std::size_t, Unchecked> unchecked_;  // by backend
  Diagnostics found_;
};

}  // namespace

Diagnostics advise(const Draft& draft) {
  Diagnostics found = Advisor(draft).run();
  warn_of_overlaps(draft, found);
  warn_of_hidden_parts(draft, found);
  return found;
}

}  // namespace ficus::config
