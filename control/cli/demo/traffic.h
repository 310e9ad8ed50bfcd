#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "control/cli/demo/tally.h"

namespace ficus::control::demo {

struct TrafficOptions {
  std::uint16_t port = 0;                  // of the proxy, on 127.0.0.1
  std::vector<std::string> hosts;          // one group of users each
  unsigned users_a_host = 16;              // a keep-alive connection and a client address each
  std::chrono::milliseconds interval{80};  // between the requests of one user
};

// Users of the shop, on a thread of their own: each waits for its answer, then for its next turn,
// so the load is bounded by users / interval. A quarter of the requests are orders (POST).
// Call from one thread.
class Traffic {
 public:
  explicit Traffic(const TrafficOptions& options);
  ~Traffic();

  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  // What the users of each host have seen so far.
  std::vector<Tally> totals() const;

 private:
  class Users;
  std::unique_ptr<Users> users_;
};

}  // namespace ficus::control::demo
