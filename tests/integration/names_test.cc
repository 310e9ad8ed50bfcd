// Names of endpoints that come to stand for other addresses, or for none, while requests flow.

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include "config/loader.h"
#include "control/app.h"
#include "tests/support/catch.h"
#include "tests/support/http_backend.h"
#include "tests/support/raw_client.h"
#include "tests/support/scripted_backend.h"
#include "tests/support/temporary_folder.h"

namespace ficus::tests {
namespace {

// What the name shop.test stands for, as a test says.
class NameServer {
 public:
  void set(const std::vector<std::uint16_t>& ports) {
    const std::lock_guard lock(mutex_);
    answer_ = {};
    for (const std::uint16_t port : ports) {
      answer_.addresses.push_back(*proxy::SocketAddress::parse("127.0.0.1", port));
    }
    if (ports.empty()) answer_.fault = "Name or service not known";
  }

  control::NameWatch watch() {
    return {[this](const config::EndpointUrl&) {
              ++asked_;
              const std::lock_guard lock(mutex_);
              return answer_;
            },
            std::chrono::milliseconds(10)};
  }

  // The name was looked up, after this call began, and the answer has been taken in.
  void wait_for_look() {
    const std::uint64_t before = asked_;
    REQUIRE(eventually([&] { return asked_ >= before + 3; }));
  }

 private:
  std::mutex mutex_;
  control::FoundAddresses answer_;
  std::atomic<std::uint64_t> asked_{0};
};

// The proxy in this process, in front of shop.test.
class Proxy {
 public:
  explicit Proxy(NameServer& names) : app_(log_, names.watch()) {
    auto loaded = config::load(write("http://shop.test"));
    REQUIRE(loaded.config);
    if (auto failure = app_.start(std::move(*loaded.config))) faults = std::move(failure->faults);
  }

  // Reloads with other endpoints; what the status says of it then.
  std::string reload(const std::string& endpoints) {
    const std::string before = reloaded_at();
    app_.reload(write(endpoints));
    REQUIRE(eventually([&] { return reloaded_at() != before; }));
    return get(admin_port(), "/api/v1/status").body;
  }

  std::uint16_t port() const { return port_of(app_.listening().at(0)); }
  std::uint16_t admin_port() const { return port_of(app_.admin_address()); }

  std::vector<std::string> faults;

 private:
  static std::uint16_t port_of(const std::string& address) {
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }

  std::string write(const std::string& endpoints) const {
    return folder_
        .write("ficus.yaml",
               "version: 1\nworkers: 2\nlisteners: [{address: 127.0.0.1:0}]\n"
               "admin: {address: 127.0.0.1:0}\nbackends:\n  shop: {endpoints: [\"" +
                   endpoints + "\"]}\nroutes: [{name: shop, legacy: shop}]\n")
        .string();
  }

  // Of the last attempt, from the status.
  std::string reloaded_at() const {
    const std::string status = get(admin_port(), "/api/v1/status").body;
    return status.substr(status.find("\"last_load\""), 50);
  }

  TemporaryFolder folder_;
  control::Log log_ = control::Log::silent();
  control::App app_;
};

// Knows shop.test, and says nothing to who asks for another name until it is told to.
class SilentNameServer {
 public:
  explicit SilentNameServer(std::uint16_t port)
      : shop_(*proxy::SocketAddress::parse("127.0.0.1", port)) {}

  control::FoundAddresses answer(const config::EndpointUrl& url) {
    std::unique_lock lock(mutex_);
    if (url.host == "shop.test") return {{shop_}, {}};
    ++asked_;
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return speaks_; });
    --waiting_;
    changed_.notify_all();
    return {{}, "Temporary failure in name resolution"};
  }

  void wait_until_asked() {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, kPatience, [this] { return waiting_ > 0; }));
  }

  // Nobody waits for an answer any more after it; how often names other than the shop's were asked
  // for.
  int speak() {
    std::unique_lock lock(mutex_);
    speaks_ = true;
    changed_.notify_all();
    REQUIRE(changed_.wait_for(lock, kPatience, [this] { return waiting_ == 0; }));
    return asked_;
  }

 private:
  const proxy::SocketAddress shop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int asked_ = 0;
  int waiting_ = 0;
  bool speaks_ = false;
};

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace

TEST_CASE("names: an endpoint that moves, doubles and vanishes under load costs no request") {
  HttpBackend a("a"), b("b"), c("c");
  NameServer names;
  names.set({a.port()});
  Proxy proxy(names);
  REQUIRE(proxy.faults.empty());

  std::atomic<bool> stop{false};
  std::atomic<int> failed{0};
  std::atomic<int> served{0};
  std::vector<std::thread> users;
  for (int i = 0; i < 4; ++i) {
    users.emplace_back([&] {
      RawClient client(proxy.port());
      while (!stop) (client.exchange(kGet).status() == 200 ? served : failed)++;
    });
  }
  const auto more_than = [](const HttpBackend& backend, std::uint64_t before) {
    return eventually([&] { return backend.requests() > before + 20; });
  };
  CHECK(more_than(a, 0));
  for (int round = 0; round < 3; ++round) {
    names.set({a.port(), b.port()});
    CHECK(more_than(b, b.requests()));
    names.set({c.port()});
    CHECK(more_than(c, c.requests()));
    names.wait_for_look();
    names.set({});  // the name is gone: the last answer holds
    names.wait_for_look();
    CHECK(more_than(c, c.requests()));
    names.set({a.port()});
    CHECK(more_than(a, a.requests()));
  }
  stop = true;
  for (std::thread& user : users) user.join();
  CHECK(failed == 0);
  CHECK(served > 100);
}

TEST_CASE("names: connections to an address that vanished finish, and are closed") {
  const std::string late = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate";
  ScriptedBackend old({read_request(), hold(), send(late), again()});
  HttpBackend next("next");
  NameServer names;
  names.set({old.port()});
  Proxy proxy(names);
  RawClient busy(proxy.port()), idle(proxy.port());
  idle.send(kGet);
  old.release();
  CHECK(idle.read_response().body == "late");
  busy.send(kGet);
  REQUIRE(eventually([&] { return old.requests() == 2; }));
  names.set({next.port()});
  names.wait_for_look();
  RawClient third(proxy.port());
  REQUIRE(eventually([&] { return third.exchange(kGet).body == "next"; }));
  old.release();
  CHECK(busy.read_response().body == "late");
  for (std::size_t i = 0; i < old.connections(); ++i) old.wait_for_end_of_connection(i);
  CHECK(busy.exchange(kGet).body == "next");
}

TEST_CASE("names: what is known is told by metrics and status") {
  HttpBackend a("a");
  NameServer names;
  names.set({a.port()});
  Proxy proxy(names);
  const auto says = [&](const std::string& path, const std::string& text) {
    return eventually(
        [&] { return get(proxy.admin_port(), path).body.find(text) != std::string::npos; });
  };
  CHECK(says("/metrics", "ficus_name_resolved{name=\"shop.test\"} 1"));
  CHECK(says("/metrics", "endpoint=\"shop.test:80\""));
  names.set({});
  CHECK(says("/metrics", "ficus_name_resolved{name=\"shop.test\"} 0"));
  CHECK(says("/api/v1/status", "\"fault\":\"Name or service not known\""));
  CHECK(says("/api/v1/status", "\"addresses\":[\"127.0.0.1\"]"));
  names.set({a.port()});
  CHECK(says("/metrics", "ficus_name_resolved{name=\"shop.test\"} 1"));
}

TEST_CASE("names: a name that nobody knows at the start is an error with its place") {
  NameServer names;
  names.set({});
  Proxy proxy(names);
  REQUIRE(proxy.faults.size() == 1);
  CHECK_THAT(proxy.faults[0], ContainsSubstring("ficus.yaml:6:22: ") &&
                                  ContainsSubstring("cannot find an address for 'shop.test'"));
}

TEST_CASE("names: a reload while a name cannot be found keeps its last addresses and counts") {
  HttpBackend a("a"), b("b");
  NameServer names;
  names.set({a.port()});
  Proxy proxy(names);
  REQUIRE(proxy.faults.empty());
  RawClient client(proxy.port());
  names.set({b.port()});
  REQUIRE(eventually([&] { return client.exchange(kGet).body == "b"; }));
  names.set({});
  names.wait_for_look();
  const std::string at_b = "http://shop.test:" + std::to_string(b.port());
  // Another endpoint of the same name, too.
  CHECK_THAT(proxy.reload(at_b), ContainsSubstring("\"last_load_succeeded\":true") &&
                                     ContainsSubstring("\"fault\":\"Name or service not known\""));
  CHECK(client.exchange(kGet).body == "b");
  CHECK(eventually([&] {
    const std::string text = get(proxy.admin_port(), "/metrics").body;
    return text.find("ficus_name_resolved{name=\"shop.test\"} 0") != std::string::npos &&
           text.find("ficus_name_failures_total{name=\"shop.test\"} 0") == std::string::npos;
  }));

  const std::string refused = proxy.reload(at_b + "\", \"http://new.test");
  CHECK_THAT(refused, ContainsSubstring("\"last_load_succeeded\":false") &&
                          ContainsSubstring("cannot find an address for 'new.test'"));
  CHECK(refused.find("for 'shop.test'") == std::string::npos);
  CHECK(client.exchange(kGet).body == "b");

  names.set({a.port(), b.port()});
  CHECK(eventually([&] {
    return get(proxy.admin_port(), "/metrics")
               .body.find("ficus_name_resolved{name=\"shop.test\"} 1") != std::string::npos;
  }));
  CHECK_THAT(proxy.reload("http://shop.test"), ContainsSubstring("\"last_load_succeeded\":true"));
  CHECK(eventually([&] { return client.exchange(kGet).body == "a"; }));
}

TEST_CASE("names: a reload that waits for a silent name server keeps nobody from ending") {
  HttpBackend shop("shop");
  const auto names = std::make_shared<SilentNameServer>(shop.port());
  const control::NameWatch watch{
      [names](const config::EndpointUrl& url) { return names->answer(url); },
      std::chrono::milliseconds(10)};
  TemporaryFolder folder;
  const auto log_path = folder.path() / "access.log";
  const auto write = [&](const std::string& endpoints) {
    return folder
        .write("ficus.yaml",
               "version: 1\nworkers: 1\nlisteners: [{address: 127.0.0.1:0}]\n"
               "admin: {address: 127.0.0.1:0}\naccess_log: {path: " +
                   log_path.string() + "}\nbackends:\n  shop: {endpoints: [" + endpoints +
                   "]}\nroutes: [{name: shop, legacy: shop}]\n")
        .string();
  };
  control::Log log = control::Log::silent();
  control::App app(log, watch);
  auto loaded = config::load(write("\"http://shop.test\""));
  REQUIRE(loaded.config);
  REQUIRE_FALSE(app.start(std::move(*loaded.config)));

  const std::string others = write("\"http://one.test\", \"http://two.test\"");
  app.reload(others);
  names->wait_until_asked();
  app.reload(others);  // asks for another one after it
  const std::string address = app.listening().at(0);
  const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  for (int i = 0; i < 3; ++i) CHECK(fetch(port, kGet).body == "shop");
  auto ended = std::async(std::launch::async, [&] { app.stop(); });
  CHECK(ended.wait_for(kPatience) == std::future_status::ready);
  const int asked = names->speak();
  ended.get();
  CHECK(asked == 1);
  const std::string lines = read_file(log_path);
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 3);
}

}  // namespace ficus::tests
