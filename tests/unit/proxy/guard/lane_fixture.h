#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "proxy/guard/fast_lane.h"

namespace ficus::proxy {

// A lane with two workers on simulated time, which begins at 1,000 s, and the verdicts it told.
class LaneFixture : private TripSink {
 public:
  static constexpr std::size_t kWorkers = 2;

  LaneFixture() : lane("catalog", kWorkers, this, [this] { return now; }) {}

  void advance(std::chrono::milliseconds time) { now += time; }

  // Lets time pass as the control side sees it: a tick every 100 ms.
  void pass(std::chrono::milliseconds time) {
    const SteadyTime until = now + time;
    while (now < until) {
      advance(std::chrono::milliseconds(100));
      lane.tick(now);
    }
  }

  LaneChange to(double percent) const {
    LaneChange change;
    change.weight = config::Weight::from_percent(percent).value();
    change.sticky = sticky;
    change.guard = guard;
    change.now = now;
    change.expected_keys = expected_keys;
    return change;
  }

  std::shared_ptr<OutcomeEpoch> weigh(double percent) {
    epoch = lane.change(to(percent));
    advance(std::chrono::milliseconds(1));
    return epoch;
  }

  // Another build of the new side, at this weight.
  void deploy(double percent) {
    LaneChange change = to(percent);
    change.new_build = true;
    epoch = lane.change(change);
    advance(std::chrono::milliseconds(1));
  }

  FailedExchange failed(std::uint64_t client) const {
    FailedExchange failure;
    failure.assigned_at = now;
    failure.now = now;
    failure.client = client;
    if (sticky) failure.key = client;
    failure.kind = ErrorKind::status;
    failure.status = 500;
    failure.method = "GET";
    failure.path = "/catalog/1";
    failure.endpoint = "10.0.0.5:9001";
    return failure;
  }

  // One request to new, over a millisecond later.
  void fail(std::uint64_t client, std::size_t worker = 0) {
    FailedExchange failure = failed(client);
    note(client, worker);
    if (!epoch->admit_new(worker)) return;
    advance(std::chrono::milliseconds(1));
    failure.now = now;
    lane.new_failure(*epoch, failure, worker);
    advance(std::chrono::milliseconds(1));
  }

  void succeed(std::uint64_t client, std::size_t worker = 0) {
    note(client, worker);
    if (!epoch->admit_new(worker)) return;
    advance(std::chrono::milliseconds(1));
    epoch->new_success(worker);
  }

  void note(std::uint64_t client, std::size_t worker = 0) {
    lane.note(worker, client, sticky ? std::optional(client) : std::nullopt);
  }

  // Failures of different clients, one after the other, until a verdict; how many it took.
  int fail_until_verdict(std::uint64_t first_client = 1) {
    const std::size_t before = trips.size();
    for (int i = 1; i <= 1000; ++i) {
      fail(first_client + static_cast<std::uint64_t>(i));
      if (trips.size() > before) return i;
    }
    return -1;
  }

  SteadyTime now{std::chrono::seconds(1000)};
  config::Guard guard;
  bool sticky = false;
  std::optional<double> expected_keys;
  std::vector<Trip> trips;
  FastLane lane;
  std::shared_ptr<OutcomeEpoch> epoch;

 private:
  void tripped(const Trip& trip) override { trips.push_back(trip); }
};

}  // namespace ficus::proxy
