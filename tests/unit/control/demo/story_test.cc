#include "control/cli/demo/story.h"

#include "control/cli/demo/demo_config.h"
#include "tests/support/catch.h"

using namespace ficus::control::demo;
using Kind = Step::Kind;

namespace {

std::vector<Step> steps() {
  std::vector<Step> all;
  for (const Act& act : the_story()) all.insert(all.end(), act.steps.begin(), act.steps.end());
  return all;
}

}  // namespace

TEST_CASE("the story takes at most a minute when every break is noticed within two seconds") {
  auto expected = longest(the_story());
  for (const Step& step : steps()) {
    // What the guard is given as a limit is more than it needs.
    if (step.kind == Kind::await_guard) expected -= step.time - std::chrono::seconds(2);
    if (step.kind == Kind::stay_back) expected += std::chrono::milliseconds(700);
  }
  CHECK(expected <= std::chrono::seconds(60));
}

TEST_CASE("the new side starts with one percent and ends with all") {
  std::vector<double> weights;
  for (const Step& step : steps()) {
    if (step.kind == Kind::weight) weights.push_back(step.percent);
  }
  REQUIRE(weights.size() >= 4);
  CHECK(weights.front() == 1);
  CHECK(weights.back() == 100);
}

TEST_CASE("the new side breaks in three ways, and each is awaited, repaired and rearmed") {
  std::vector<Condition> broken;
  Kind last_of_break = Kind::rearm;
  for (const Step& step : steps()) {
    if (step.kind == Kind::break_new) {
      CHECK(last_of_break == Kind::rearm);
      broken.push_back(step.condition);
    }
    if (step.kind == Kind::weight) CHECK(last_of_break == Kind::rearm);
    if (step.kind != Kind::weight && step.kind != Kind::hold) last_of_break = step.kind;
  }
  CHECK(broken == std::vector{Condition::answers_500, Condition::hangs, Condition::refuses});
}

TEST_CASE("every weight is followed by a look at what it did") {
  const auto all = steps();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].kind != Kind::weight) continue;
    REQUIRE(i + 1 < all.size());
    CHECK(all[i + 1].kind == Kind::hold);
  }
}

TEST_CASE("there is a route for each host, the one without fallback first") {
  CHECK(demo_routes().size() == 2);
  CHECK(demo_hosts().size() == demo_routes().size());
  const std::string text = demo_config({1001, 1002});
  CHECK(text.find("name: plain") < text.find("fallback:"));
  CHECK_THAT(text, ContainsSubstring("http://127.0.0.1:1001\""));
  CHECK_THAT(text, ContainsSubstring("http://127.0.0.1:1002\""));
}
