#include "control/change/name_watcher.h"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

#include "tests/support/catch.h"
#include "tests/support/deadline.h"

namespace ficus::control {
namespace {

using proxy::SocketAddress;

std::vector<SocketAddress> addresses(std::initializer_list<const char*> ips) {
  std::vector<SocketAddress> result;
  for (const char* ip : ips) result.push_back(*SocketAddress::parse(ip, 80));
  return result;
}

config::EndpointUrl url(const std::string& host) {
  config::EndpointUrl result;
  result.text = "http://" + host;
  result.host = host;
  return result;
}

// Answers as it was told, one look-up after the other; the last answer for ever.
struct Names {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<FoundAddresses> answers;
  std::size_t asked = 0;
  std::vector<NameReport> reports;

  FoundAddresses answer() {
    const std::lock_guard lock(mutex);
    ++asked;
    changed.notify_all();
    FoundAddresses next = answers.front();
    if (answers.size() > 1) answers.pop_front();
    return next;
  }

  template <typename Predicate>
  bool wait(Predicate predicate) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, tests::kPatience, predicate);
  }

  NameWatcher watcher{
      {[this](const config::EndpointUrl&) { return answer(); }, std::chrono::milliseconds(5)},
      [this](const NameReport& report) {
        const std::lock_guard lock(mutex);
        reports.push_back(report);
        changed.notify_all();
      }};

  // `known` is what the name stood for when it was loaded.
  void watch(std::vector<SocketAddress> known) {
    config::Backend backend;
    backend.endpoints = {url("shop.test"), url("10.0.0.9")};
    watcher.start();
    watcher.watch({backend}, {{"http://shop.test", std::move(known)}});
  }
};

}  // namespace

TEST_CASE("a name that stands for other addresses is reported once") {
  Names names;
  names.answers = {{addresses({"10.0.0.1"}), {}}, {addresses({"10.0.0.1", "10.0.0.2"}), {}}};
  names.watch(addresses({"10.0.0.1"}));
  REQUIRE(names.wait([&] { return names.asked > 5; }));
  names.watcher.stop();
  REQUIRE(names.reports.size() == 1);
  CHECK(names.reports[0].host == "shop.test");
  CHECK(names.reports[0].endpoint == "http://shop.test");
  CHECK(names.reports[0].addresses == addresses({"10.0.0.1", "10.0.0.2"}));
}

TEST_CASE("a name that vanishes keeps its last good answer, and failures are counted") {
  Names names;
  names.answers = {{{}, "Name or service not known"},
                   {{}, "Name or service not known"},
                   {addresses({"10.0.0.1"}), {}}};
  names.watch(addresses({"10.0.0.1"}));
  REQUIRE(names.wait([&] { return names.asked > 5; }));
  names.watcher.stop();
  REQUIRE(names.reports.size() == 3);
  CHECK(names.reports[0].fault == "Name or service not known");
  CHECK(names.reports[0].addresses == addresses({"10.0.0.1"}));
  CHECK(names.reports[1].failures == 2);
  CHECK(names.reports[2].fault.empty());
  CHECK(names.reports[2].failures == 2);
}

TEST_CASE("only names are looked up again, and not those that left the file") {
  Names names;
  names.answers = {{addresses({"10.0.0.2"}), {}}};
  names.watch(addresses({"10.0.0.1"}));
  REQUIRE(names.wait([&] { return !names.reports.empty(); }));
  names.watcher.watch({}, {});
  names.watcher.stop();
  CHECK(names.reports.size() == 1);
}

TEST_CASE("a resolver that does not answer keeps nobody from ending, and is not heard later") {
  struct Resolver {
    std::mutex mutex;
    std::condition_variable changed;
    bool asked = false;
    bool answers = false;
    bool answered = false;
    std::size_t reports = 0;
  };
  const auto resolver = std::make_shared<Resolver>();
  {
    const auto look_up = [resolver](const config::EndpointUrl&) -> FoundAddresses {
      std::unique_lock lock(resolver->mutex);
      resolver->asked = true;
      resolver->changed.notify_all();
      resolver->changed.wait(lock, [&] { return resolver->answers; });
      resolver->answered = true;
      resolver->changed.notify_all();
      return {addresses({"10.0.0.2"}), {}};
    };
    NameWatcher watcher({look_up, std::chrono::milliseconds(1)}, [resolver](const NameReport&) {
      const std::lock_guard lock(resolver->mutex);
      ++resolver->reports;
    });
    config::Backend backend;
    backend.endpoints = {url("shop.test")};
    watcher.start();
    watcher.watch({backend}, {{"http://shop.test", addresses({"10.0.0.1"})}});
    std::unique_lock lock(resolver->mutex);
    REQUIRE(resolver->changed.wait_for(lock, tests::kPatience, [&] { return resolver->asked; }));
    lock.unlock();
    watcher.stop();
  }
  std::unique_lock lock(resolver->mutex);
  resolver->answers = true;
  resolver->changed.notify_all();
  CHECK(resolver->changed.wait_for(lock, tests::kPatience, [&] { return resolver->answered; }));
  CHECK(resolver->reports == 0);
}

TEST_CASE("an address is no name") {
  CHECK(has_name(url("shop.internal")));
  CHECK_FALSE(has_name(url("10.0.0.5")));
  CHECK_FALSE(has_name(url("::1")));
  config::EndpointUrl socket = url("/run/shop.sock");
  socket.scheme = config::EndpointScheme::unix_socket;
  CHECK_FALSE(has_name(socket));
}

}  // namespace ficus::control
