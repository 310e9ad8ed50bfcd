#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace ficus::control::demo {

// What is wrong with a shop.
enum class Condition { healthy, answers_500, hangs, refuses };

// One thing that happens in the story.
struct Step {
  enum class Kind {
    weight,        // set the share of the new side on every route to `percent`
    hold,          // let `time` pass and check the share that the new side really got
    break_new,     // the new shop becomes `condition`
    await_guard,   // wait at most `time` until every route is rolled back
    stay_back,     // let `time` pass and check that nobody reaches the new side
    refused_rise,  // try to raise to `percent`: must be refused while rolled back
    repair,        // the new shop is healthy again
    rearm,         // permit the new side again
  };

  Kind kind = Kind::hold;
  double percent = 0;
  std::chrono::milliseconds time{0};
  Condition condition = Condition::healthy;
};

struct Act {
  std::string title;
  std::vector<Step> steps;
};

// The whole story, in order. Ends with everything on the new side.
std::vector<Act> the_story();

// The longest that the story can take, if every wait lasts to its limit.
std::chrono::milliseconds longest(const std::vector<Act>& story);

// "answers 500", "hangs", …: what one says of the new shop.
std::string text(Condition condition);

}  // namespace ficus::control::demo
