#include <iostream>

#include "control/cli/demo/panel.h"
#include "control/cli/demo/view.h"

namespace ficus::control::demo {
namespace {

class PlainView final : public View {
 public:
  void title(const std::string& text) override { std::cout << "\n== " << text << std::endl; }
  void note(const std::string& text) override { std::cout << "  " << text << std::endl; }
  void claim(const Claim& claim) override {
    std::cout << (claim.held ? "  ok   " : "  NOT  ") << claim.sentence << std::endl;
  }
  void live(const Live& live) override {
    if (live.seconds < next_) return;
    next_ = live.seconds + 1;
    std::cout << live_line(live) << std::endl;
  }
  void end_live() override {}
  void line(const std::string& text) override { std::cout << text << std::endl; }

 private:
  double next_ = 0;
};

}  // namespace

std::unique_ptr<View> make_plain_view() { return std::make_unique<PlainView>(); }

}  // namespace ficus::control::demo
