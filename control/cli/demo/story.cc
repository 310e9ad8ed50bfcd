#include "control/cli/demo/story.h"

namespace ficus::control::demo {
namespace {

using std::chrono::milliseconds;
using Kind = Step::Kind;

Step weight(double percent) { return {Kind::weight, percent, milliseconds{0}, Condition::healthy}; }
Step hold(int time) { return {Kind::hold, 0, milliseconds{time}, Condition::healthy}; }

Act migrate() {
  return {"The new shop takes over, a little at a time",
          {weight(1), hold(4000), weight(10), hold(3500), weight(50), hold(3500)}};
}

// Breaks the new side in the middle of a stage and brings it back.
Act broken(const std::string& title, Condition condition) {
  return {title,
          {{Kind::break_new, 0, milliseconds{0}, condition},
           {Kind::await_guard, 0, milliseconds{8000}, condition},
           {Kind::stay_back, 0, milliseconds{1500}, condition},
           {Kind::refused_rise, 50, milliseconds{0}, condition},
           {Kind::repair, 0, milliseconds{0}, Condition::healthy},
           {Kind::rearm, 0, milliseconds{0}, Condition::healthy},
           weight(10),
           hold(2000),
           weight(50),
           hold(2500)}};
}

}  // namespace

std::vector<Act> the_story() {
  return {migrate(),
          broken("A deploy goes wrong: the new shop answers 500", Condition::answers_500),
          broken("Another one: the new shop hangs", Condition::hangs),
          broken("And another: the new shop is gone", Condition::refuses),
          {"All the way", {weight(100), hold(4000)}}};
}

std::chrono::milliseconds longest(const std::vector<Act>& story) {
  milliseconds total{0};
  for (const Act& act : story) {
    for (const Step& step : act.steps) total += step.time;
  }
  return total;
}

std::string text(Condition condition) {
  switch (condition) {
    case Condition::answers_500:
      return "answers 500";
    case Condition::hangs:
      return "hangs";
    case Condition::refuses:
      return "refuses connections";
    case Condition::healthy:
      break;
  }
  return "is healthy";
}

}  // namespace ficus::control::demo
