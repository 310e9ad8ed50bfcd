#include "config/validator.h"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/grammar.h"
#include "config/hidden_routes.h"
#include "config/route_rules.h"

namespace ficus::config {
namespace {

std::string place_of(const Cursor& other) {
  const Location at = other.at();
  return at.file + ":" + std::to_string(at.line);
}

void at_least_one_listener(const Draft& draft) {
  const Cursor listeners = draft.root["listeners"];
  if (listeners.is_sequence() && draft.listeners.empty()) {
    listeners.error("is empty; at least one listener is needed, such as {address: 0.0.0.0:8080}");
  }
}

void at_least_one_route(const Draft& draft) {
  if (!draft.routes.empty()) return;
  const Cursor routes = draft.root["routes"];
  if (routes.is_present() && !routes.is_sequence()) return;  // already reported
  (routes.is_present() ? routes : draft.root)
      .error("no route is given; at least one is needed, such as {name: shop, legacy: old-shop}");
}

void listener_addresses_differ(const Draft& draft) {
  std::unordered_map<std::string, Cursor> seen;
  const auto check = [&](const std::string& address, int port, const Cursor& cursor) {
    if (port == 0 || !cursor.is_scalar()) return;
    const auto [first, is_new] = seen.emplace(address, cursor);
    if (!is_new) cursor.error(cursor.shown() + " is already used in " + place_of(first->second));
  };
  for (std::size_t i = 0; i < draft.listeners.size(); ++i) {
    const Listener& listener = draft.config.listeners[i];
    check(listener.address(), listener.port, draft.listeners[i]["address"]);
  }
}

// Where something listens.
struct Place {
  std::string host;
  std::uint16_t port = 0;
  std::string address;
  Cursor cursor;  // not a scalar: a default
};

template <class T>
Place place_of(const T& model, const Cursor& cursor) {
  return {model.host, model.port, model.address(), cursor};
}

// The kernel gives both to one of the two, and refuses the other.
bool share_a_port(const Place& one, const Place& other) {
  const auto is_ipv6 = [](const Place& place) { return place.host.find(':') != std::string::npos; };
  const auto is_any = [](const Place& place) {
    return place.host == "0.0.0.0" || place.host == "::";
  };
  return one.port != 0 && one.port == other.port && is_ipv6(one) == is_ipv6(other) &&
         (one.host == other.host || is_any(one) || is_any(other));
}

void refuse_shared_port(const Place& place, const Place& before) {
  if (!share_a_port(place, before)) return;
  if (place.cursor.is_scalar() && before.cursor.is_scalar()) {
    const std::string where = place_of(before.cursor);
    place.cursor.error(place.cursor.shown() + (place.address == before.address
                                                   ? " is already used in " + where
                                                   : " takes the port of " + before.cursor.shown() +
                                                         " in " + where + "; write another port"));
    return;
  }
  const Place& given = place.cursor.is_scalar() ? place : before;
  const Place& assumed = place.cursor.is_scalar() ? before : place;
  if (!given.cursor.is_scalar()) return;
  given.cursor.error(given.cursor.shown() + " takes the port of the admin API, which is " +
                     assumed.address + " unless `admin.address` is another");
}

// Listeners may share a port, the closest address gets the connection; these two may not.
void admin_and_metrics_have_their_own_ports(const Draft& draft) {
  std::vector<Place> before;
  for (std::size_t i = 0; i < draft.listeners.size(); ++i) {
    before.push_back(place_of(draft.config.listeners[i], draft.listeners[i]["address"]));
  }
  const auto check = [&](const Place& place) {
    for (const Place& other : before) refuse_shared_port(place, other);
    before.push_back(place);
  };
  check(place_of(draft.config.admin, draft.root["admin"]["address"]));
  if (draft.config.metrics) {
    check(place_of(*draft.config.metrics, draft.root["metrics"]["address"]));
  }
}

void backend_names_differ(const Draft& draft) {
  std::unordered_map<std::string, Cursor> seen;
  for (const Cursor& backend : draft.backends) {
    const auto [first, is_new] = seen.emplace(backend.key(), backend);
    if (is_new) continue;
    const Location at = first->second.key_at();
    backend.error_at_key("is already given in " + at.file + ":" + std::to_string(at.line));
  }
}

void route_names_differ(const Draft& draft) {
  std::unordered_map<std::string, Cursor> seen;
  for (const Cursor& route : draft.routes) {
    const Cursor name = route["name"];
    if (!name.is_scalar()) continue;
    const auto [first, is_new] = seen.emplace(name.text(), name);
    if (!is_new) name.error(name.shown() + " is already the name of " + place_of(first->second));
  }
}

void endpoints_are_given_once(const Draft& draft) {
  for (std::size_t i = 0; i < draft.backends.size(); ++i) {
    const Cursor list = draft.backends[i]["endpoints"];
    const std::vector<Cursor> items = list.items();
    if (list.is_sequence() && items.empty()) {
      list.error("is empty; a backend needs at least one endpoint");
    }
    std::set<std::pair<std::string, int>> seen;
    for (std::size_t j = 0; j < items.size(); ++j) {
      const EndpointUrl& endpoint = draft.config.backends[i].endpoints[j];
      if (endpoint.host.empty()) continue;  // already reported
      if (seen.emplace(endpoint.host, endpoint.port).second) continue;
      items[j].error(items[j].shown() + " is named twice");
    }
  }
}

void listener_tls_has_certificates(const Draft& draft) {
  for (const Cursor& listener : draft.listeners) {
    const Cursor list = listener["tls"]["certificates"];
    if (list.is_sequence() && list.items().empty()) {
      list.error("is empty; a listener with TLS needs at least one certificate");
    }
  }
}

void backend_tls_has_a_purpose(const Draft& draft) {
  for (std::size_t i = 0; i < draft.backends.size(); ++i) {
    const Cursor tls = draft.backends[i]["tls"];
    if (!tls.is_map()) continue;
    const Backend& backend = draft.config.backends[i];
    const bool used =
        std::any_of(backend.endpoints.begin(), backend.endpoints.end(),
                    [](const EndpointUrl& url) { return url.scheme == EndpointScheme::https; });
    if (!used && !draft.backends[i]["endpoints"].is_refused()) {
      tls.error("is without effect: no endpoint begins with https://; write https://host:port");
    }
    const bool certificate = tls["certificate"].is_present();
    if (certificate != tls["private_key"].is_present()) {
      tls.error(certificate ? "`private_key` is missing; `certificate` needs its key"
                            : "`certificate` is missing; `private_key` belongs to one");
    }
    if (!backend.tls->verify && tls["ca"].is_present()) {
      tls["ca"].error("is without effect: `verify` is false; remove one of the two");
    }
  }
}

void builds_have_one_source(const Draft& draft) {
  for (const Cursor& backend : draft.backends) {
    if (!backend["build"].is_present() || !backend["build_header"].is_present()) continue;
    backend["build"].error(
        "a backend's build is known in one way: remove `build` if its answers say it in "
        "`build_header`, else remove `build_header`");
  }
}

std::vector<std::string_view> backend_names(const Draft& draft) {
  std::vector<std::string_view> names;
  for (const Cursor& backend : draft.backends) names.push_back(backend.key());
  return names;
}

}  // namespace

void validate(const Draft& draft) {
  at_least_one_listener(draft);
  at_least_one_route(draft);
  listener_addresses_differ(draft);
  admin_and_metrics_have_their_own_ports(draft);
  backend_names_differ(draft);
  endpoints_are_given_once(draft);
  listener_tls_has_certificates(draft);
  backend_tls_has_a_purpose(draft);
  builds_have_one_source(draft);
  route_names_differ(draft);
  validate_defaults(draft.root["defaults"]);
  const std::vector<std::string_view> backends = backend_names(draft);
  for (std::size_t i = 0; i < draft.routes.size(); ++i) {
    validate_route(draft.routes[i], draft.config.routes[i], backends);
  }
  every_route_can_match(draft);  // last: it looks only at routes whose match has no error
}

}  // namespace ficus::config
