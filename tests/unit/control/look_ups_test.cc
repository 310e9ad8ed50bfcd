#include "control/change/look_ups.h"

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>

#include "tests/support/catch.h"
#include "tests/support/deadline.h"

namespace ficus::control {
namespace {

config::EndpointUrl url(const std::string& host) {
  config::EndpointUrl result;
  result.host = host;
  return result;
}

// Answers when it is told to.
struct Resolver {
  std::mutex mutex;
  std::condition_variable changed;
  int asked = 0;
  int answered = 0;
  bool answers = false;

  FoundAddresses answer() {
    std::unique_lock lock(mutex);
    ++asked;
    changed.notify_all();
    changed.wait(lock, [this] { return answers; });
    ++answered;
    changed.notify_all();
    return {{*proxy::SocketAddress::parse("10.0.0.1", 80)}, {}};
  }
  template <typename Predicate>
  bool wait(Predicate predicate) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, tests::kPatience, predicate);
  }
  void speak() {
    const std::lock_guard lock(mutex);
    answers = true;
    changed.notify_all();
  }
};

}  // namespace

TEST_CASE("a look-up gives what the resolver says") {
  const auto resolver = std::make_shared<Resolver>();
  resolver->answers = true;
  LookUps look_ups([resolver](const config::EndpointUrl&) { return resolver->answer(); });
  const FoundAddresses found = look_ups.find(url("shop.test"));
  CHECK(found.fault.empty());
  CHECK(found.addresses.size() == 1);
  LookUps none([](const config::EndpointUrl& asked) -> FoundAddresses {
    return {{}, "no " + asked.host};
  });
  CHECK(none.find(url("a")).fault == "no a");
  CHECK(none.find(url("b")).fault == "no b");
  CHECK_FALSE(none.given_up());
}

TEST_CASE("look-ups that are given up end at once, and ask nobody any more") {
  const auto resolver = std::make_shared<Resolver>();
  {
    LookUps look_ups([resolver](const config::EndpointUrl&) { return resolver->answer(); });
    auto found = std::async(std::launch::async, [&] { return look_ups.find(url("shop.test")); });
    REQUIRE(resolver->wait([&] { return resolver->asked == 1; }));
    look_ups.give_up();
    const bool ended = found.wait_for(tests::kPatience) == std::future_status::ready;
    CHECK(ended);
    if (!ended) resolver->speak();
    CHECK(found.get().fault == "given up");
    CHECK(look_ups.given_up());
    CHECK(look_ups.find(url("other.test")).fault == "given up");
    CHECK(resolver->asked == 1);
  }
  // The thread that still asks outlives them.
  resolver->speak();
  CHECK(resolver->wait([&] { return resolver->answered == 1; }));
}

}  // namespace ficus::control
