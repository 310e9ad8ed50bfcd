#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "control/cli/demo/story.h"
#include "control/cli/demo/tally.h"

namespace ficus::control::demo {

// The state of things at one moment, as users and the admin API tell it.
struct Live {
  double seconds = 0;  // since the start
  double weight = 0;   // percent
  bool rolled_back = false;
  double legacy_rate = 0;  // answers a second
  double new_rate = 0;
  Condition new_shop = Condition::healthy;
  Tally without_fallback;
  Tally with_fallback;
};

// Something that the demo says, with the numbers, and whether it was so.
struct Claim {
  bool held = false;
  std::string sentence;
};

// Where the demo tells its story. One thread.
class View {
 public:
  virtual ~View() = default;
  virtual void title(const std::string& text) = 0;
  virtual void note(const std::string& text) = 0;
  virtual void claim(const Claim& claim) = 0;
  virtual void live(const Live& live) = 0;
  virtual void end_live() = 0;  // nothing live follows
  virtual void line(const std::string& text) = 0;
};

struct ViewStyle {
  bool color = false;
  bool unicode = false;
  std::size_t width = 80;  // columns
};

// Lines of text, for files, pipes and CI; one live line a second.
std::unique_ptr<View> make_plain_view();

// A few lines at the bottom that are redrawn, the story scrolling above them.
std::unique_ptr<View> make_terminal_view(const ViewStyle& style);

// The one that fits standard output: a terminal or not, NO_COLOR, TERM=dumb, the locale.
std::unique_ptr<View> make_view();

}  // namespace ficus::control::demo
