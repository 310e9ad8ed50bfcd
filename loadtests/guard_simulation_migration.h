#pragma once

#include <cstdint>
#include <vector>

#include "config/model.h"
#include "proxy/guard/trip.h"

namespace ficus::loadtests {

// Who decides in a simulated migration.
enum class Judge {
  guard,       // the real FastLane
  check_60s,   // every 60 s: did more than 1 % of the last 60 s fail?
  check_60s_5  // the same, five times in a row
};

// One migration: stages of a weight, a new side that is healthy until it breaks, users.
struct Setup {
  std::vector<double> stages{1, 5, 10, 25, 50, 75, 100};  // percent
  double stage_seconds = 60;
  double rate = 100;      // requests a second of the whole route
  double healthy = 0.01;  // error rate of both sides
  double success_seconds = 0.05;
  double failure_seconds = 0.005;
  double on_seconds = 0;          // traffic comes and stops in turns of this length; 0: steady
  std::uint64_t users = 0;        // sticky keys; 0: unsticky, from 1,000 client addresses
  double broken_users = 0;        // share of users for whom the new side always fails
  std::uint64_t good_before = 0;  // requests judged in the last stage before its time begins

  int break_stage = -1;           // index of the stage in which the new side breaks; -1: never
  double break_after = 0;         // seconds into it
  double broken = 1;              // error rate then
  double broken_seconds = 0.005;  // how long a failing answer takes then

  Judge judge = Judge::guard;
  config::Guard guard;
  double stored_legacy = -1;  // what the guard is told of legacy; negative: the truth
};

struct Result {
  bool stopped = false;
  bool before_break = false;  // a false verdict
  proxy::Verdict verdict = proxy::Verdict::none;
  std::uint64_t failures = 0;  // of requests assigned after the break, seen up to the verdict
  std::uint64_t in_flight_first = 0;  // when the first of them was seen, itself included
  std::uint64_t in_flight = 0;        // of them, still on their way at the verdict
  double seconds = 0;                 // from the break to the verdict
};

// Runs it on simulated time. The same seed gives the same result.
Result run_migration(const Setup& setup, std::uint64_t seed);

}  // namespace ficus::loadtests
