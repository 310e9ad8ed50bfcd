#include <cstdlib>
#include <iostream>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

#include "control/cli/demo/panel.h"
#include "control/cli/demo/view.h"

namespace ficus::control::demo {
namespace {

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 80;
  return size.ws_col;
}

class TerminalView final : public View {
 public:
  explicit TerminalView(const ViewStyle& style) : style_(style) {}
  ~TerminalView() override { end_live(); }

  void title(const std::string& text) override {
    above("");
    above(style_.color ? "\x1b[1m" + text + "\x1b[0m" : text);
  }
  void note(const std::string& text) override { above("  " + text); }
  void claim(const Claim& claim) override {
    const std::string_view mark =
        style_.unicode ? (claim.held ? "✓" : "✗") : (claim.held ? "+" : "!");
    std::string shown(mark);
    if (style_.color) shown = (claim.held ? "\x1b[32m" : "\x1b[31m") + shown + "\x1b[0m";
    above("  " + shown + ' ' + claim.sentence);
  }
  void live(const Live& live) override {
    style_.width = terminal_width();
    erase();
    lines_ = panel(live, style_);
    draw();
  }
  void end_live() override {
    erase();
    lines_.clear();
    std::cout << std::flush;
  }
  void line(const std::string& text) override { above(text); }

 private:
  // Prints over the live lines and draws them again below.
  void above(const std::string& text) {
    erase();
    std::cout << text << '\n';
    draw();
  }

  void draw() {
    if (!lines_.empty()) std::cout << '\n';
    for (const std::string& line : lines_) std::cout << line << '\n';
    std::cout << std::flush;
  }

  void erase() {
    if (lines_.empty()) return;
    std::cout << "\x1b[" << lines_.size() + 1 << "A\r\x1b[J";
  }

  ViewStyle style_;
  std::vector<std::string> lines_;
};

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view value = variable(name);
    if (value.empty()) continue;
    return value.find("UTF-8") != std::string_view::npos ||
           value.find("utf8") != std::string_view::npos;
  }
  return false;
}

}  // namespace

std::unique_ptr<View> make_terminal_view(const ViewStyle& style) {
  return std::make_unique<TerminalView>(style);
}

std::unique_ptr<View> make_view() {
  if (::isatty(STDOUT_FILENO) == 0 || variable("TERM") == "dumb" || variable("TERM").empty()) {
    return make_plain_view();
  }
  return make_terminal_view({variable("NO_COLOR").empty(), utf8_locale(), terminal_width()});
}

}  // namespace ficus::control::demo
