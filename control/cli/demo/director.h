#pragma once

#include <chrono>
#include <csignal>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "control/cli/demo/admin_calls.h"
#include "control/cli/demo/shop.h"
#include "control/cli/demo/story.h"
#include "control/cli/demo/traffic.h"
#include "control/cli/demo/view.h"

namespace ficus::control::demo {

// What takes part: routes and the traffic's hosts are in the same order, the route without
// fallback first. Everything outlives the director.
struct Cast {
  Shop& new_shop;
  Traffic& traffic;
  AdminCalls admin;
  std::vector<std::string> routes;
  unsigned users_a_route = 0;
  unsigned workers = 0;  // of the proxy
  sigset_t interrupts;   // blocked in all threads; ends the demo
};

// One break of the new side, as users saw it.
struct BreakOutcome {
  Condition condition = Condition::healthy;
  double seconds = 0;  // until every route was rolled back
  Tally without_fallback;
  Tally with_fallback;
  std::string why;  // the guard's own sentence
};

// Plays the story: shifts traffic through the admin API, breaks and repairs the new shop, and
// checks each sentence that it says against what users saw. One thread.
class Director {
 public:
  Director(Cast& cast, View& view);

  // False if it was interrupted or could not go on.
  bool play(const std::vector<Act>& story);

  // Lets time pass with the live view; false when interrupted.
  bool let_pass(std::chrono::milliseconds time);

  const std::vector<Claim>& claims() const { return claims_; }
  const std::vector<BreakOutcome>& breaks() const { return breaks_; }
  std::vector<Tally> totals() const { return cast_.traffic.totals(); }

 private:
  using Clock = std::chrono::steady_clock;

  bool perform(const Step& step);
  bool set_weight(double percent);
  bool hold(std::chrono::milliseconds time);
  void break_new(Condition condition);
  bool await_guard(std::chrono::milliseconds limit);
  bool stay_back(std::chrono::milliseconds time);
  void judge_break();
  bool refused_rise(double percent);
  bool rearm();
  void check(bool held, const std::string& sentence);
  void refresh_live();
  unsigned rolled_back_routes() const;

  struct Moment {
    Clock::time_point at;
    Tally sum;
  };

  Cast& cast_;
  View& view_;
  const Clock::time_point started_;
  std::vector<Claim> claims_;
  std::vector<BreakOutcome> breaks_;
  std::vector<Tally> before_break_;
  Clock::time_point broken_at_;
  std::deque<Moment> recent_;  // of the last second, for rates
  Live live_;
};

}  // namespace ficus::control::demo
