#include "control/check/name_lookup.h"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <netdb.h>
#include <set>
#include <thread>
#include <utility>

namespace ficus::control {
namespace {

constexpr std::size_t kMostThreads = 16;

using Addresses = std::vector<proxy::SocketAddress>;

Addresses look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &raw) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(raw, freeaddrinfo);
  Addresses found;
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    const proxy::SocketAddress address(entry->ai_addr, entry->ai_addrlen);
    if (!address.empty()) found.push_back(address);
  }
  return found;
}

// Shared with the threads, which may outlive the wait.
struct Work {
  std::mutex mutex;
  std::condition_variable done;
  std::vector<std::string> names;  // constant
  std::size_t next = 0;
  std::size_t finished = 0;
  std::map<std::string, Addresses> found;
};

void run(const std::shared_ptr<Work>& work) {
  std::unique_lock lock(work->mutex);
  while (work->next < work->names.size()) {
    const std::string name = work->names[work->next++];
    lock.unlock();
    Addresses addresses = look_up(name);
    lock.lock();
    work->found[name] = std::move(addresses);
    ++work->finished;
    work->done.notify_all();
  }
}

std::map<std::string, Addresses> look_up_names(const std::set<std::string>& names,
                                               std::chrono::milliseconds patience) {
  if (names.empty()) return {};
  const auto work = std::make_shared<Work>();
  work->names.assign(names.begin(), names.end());
  for (std::size_t i = 0; i < std::min(names.size(), kMostThreads); ++i) {
    std::thread([work] { run(work); }).detach();
  }
  std::unique_lock lock(work->mutex);
  work->done.wait_for(lock, patience, [&] { return work->finished == work->names.size(); });
  work->next = work->names.size();
  return work->found;
}

}  // namespace

AddressBook look_up_endpoints(const config::Config& config, std::chrono::milliseconds patience) {
  AddressBook book;
  std::set<std::string> names;
  std::vector<const config::EndpointUrl*> named;
  for (const config::Backend& backend : config.backends) {
    for (const config::EndpointUrl& url : backend.endpoints) {
      if (url.scheme == config::EndpointScheme::unix_socket) continue;
      if (const auto literal = proxy::SocketAddress::parse(url.host, url.port)) {
        book[url.text] = {*literal};
      } else {
        names.insert(url.host);
        named.push_back(&url);
      }
    }
  }
  const std::map<std::string, Addresses> found = look_up_names(names, patience);
  for (const config::EndpointUrl* url : named) {
    const auto addresses = found.find(url->host);
    if (addresses == found.end()) continue;
    for (const proxy::SocketAddress& address : addresses->second) {
      const auto with_port = proxy::SocketAddress::parse(address.ip_text(), url->port);
      if (with_port) book[url->text].push_back(*with_port);
    }
  }
  return book;
}

}  // namespace ficus::control
