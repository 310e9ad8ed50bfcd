#include "control/check/outside_warnings.h"

#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "control/change/tls_files.h"

namespace ficus::control {
namespace {

using config::Diagnostic;
using config::Diagnostics;
using config::Severity;
using Time = std::chrono::system_clock::time_point;

constexpr std::chrono::hours kSoon{21 * 24};

// When a certificate ends, the leaf of its chain.
std::optional<Time> certificate_end(const config::TlsIdentity& identity) {
  const auto read = read_certificate_facts(path_beside(identity.at, identity.certificate));
  const auto* facts = std::get_if<CertificateFacts>(&read);
  return facts == nullptr ? std::nullopt : std::optional(facts->not_after);
}

std::string date_text(Time time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char buffer[32];
  return std::string(buffer, std::strftime(buffer, sizeof buffer, "%Y-%m-%d", &parts));
}

struct NamedIdentity {
  const config::TlsIdentity& identity;
  std::string key;
};

std::vector<NamedIdentity> identities_of(const config::Config& config) {
  std::vector<NamedIdentity> all;
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const std::optional<config::ListenerTls>& tls = config.listeners[i].tls;
    for (std::size_t j = 0; tls && j < tls->certificates.size(); ++j) {
      all.push_back({tls->certificates[j], "listeners[" + std::to_string(i) +
                                               "].tls.certificates[" + std::to_string(j) + "]"});
    }
  }
  for (const config::Backend& backend : config.backends) {
    if (!backend.tls || !backend.tls->identity) continue;
    all.push_back({*backend.tls->identity, "backends." + backend.name + ".tls"});
  }
  return all;
}

// What tells two servers behind one address apart.
std::string tls_name(const config::Backend& backend, const config::EndpointUrl& url) {
  if (url.scheme != config::EndpointScheme::https) return {};
  return backend.tls && backend.tls->server_name ? *backend.tls->server_name : url.host;
}

using Contact = std::pair<std::string, std::string>;  // address and TLS name

std::set<Contact> contacts_of(const config::Backend& backend, const AddressBook& book) {
  std::set<Contact> all;
  for (const config::EndpointUrl& url : backend.endpoints) {
    if (url.scheme == config::EndpointScheme::unix_socket) {
      all.insert({"unix:" + url.host, ""});
      continue;
    }
    const auto found = book.find(url.text);
    if (found == book.end()) continue;
    for (const proxy::SocketAddress& address : found->second) {
      all.insert({address.text(), tls_name(backend, url)});
    }
  }
  return all;
}

// The number of a route in its own file, which is what messages count by.
class RouteNumbers {
 public:
  std::string next_key(const config::Route& route) {
    return "routes[" + std::to_string(next_[route.at.file]++) + "]";
  }

 private:
  std::map<std::string, std::size_t> next_;
};

}  // namespace

Diagnostics certificate_warnings(const config::Config& config, Time now) {
  Diagnostics found;
  for (const NamedIdentity& one : identities_of(config)) {
    const std::optional<Time> end = certificate_end(one.identity);
    if (!end || *end > now + kSoon) continue;
    const auto days = std::chrono::duration_cast<std::chrono::hours>(*end - now).count() / 24;
    const std::string when =
        *end <= now ? "ended on " : "ends in " + std::to_string(days) + " days, on ";
    found.push_back({Severity::warning, one.identity.at, one.key,
                     "the certificate " + one.identity.certificate + " " + when + date_text(*end) +
                         "; renew it, a reload takes the new one",
                     "W14"});
  }
  return found;
}

Diagnostics same_address_warnings(const config::Config& config, const AddressBook& book) {
  Diagnostics found;
  RouteNumbers numbers;
  std::map<std::string, std::set<Contact>> contacts;
  for (const config::Backend& backend : config.backends) {
    contacts[backend.name] = contacts_of(backend, book);
  }
  std::map<std::pair<std::string, std::string>, const Contact*> compared;
  for (const config::Route& route : config.routes) {
    const std::string key = numbers.next_key(route);
    if (!route.legacy || !route.fresh || route.rewrite_legacy || route.rewrite_fresh) continue;
    const auto [pair, is_new] = compared.try_emplace({*route.legacy, *route.fresh}, nullptr);
    if (is_new) {
      for (const Contact& contact : contacts[*route.fresh]) {
        if (contacts[*route.legacy].count(contact) != 0) pair->second = &contact;
      }
    }
    if (pair->second == nullptr) continue;
    found.push_back({Severity::warning, route.at, key,
                     "both sides lead to " + pair->second->first + ": " + *route.legacy + " and " +
                         *route.fresh +
                         " have it among their addresses, so the share for new tests nothing; mend "
                         "the endpoint that is wrong",
                     "W15"});
  }
  return found;
}

Diagnostics all_warnings(const config::Config& config, const config::Advice& advice,
                         std::chrono::milliseconds patience) {
  Diagnostics outside = certificate_warnings(config, std::chrono::system_clock::now());
  Diagnostics same = same_address_warnings(config, look_up_endpoints(config, patience));
  outside.insert(outside.end(), std::make_move_iterator(same.begin()),
                 std::make_move_iterator(same.end()));
  return config::unallowed(advice, std::move(outside));
}

}  // namespace ficus::control
