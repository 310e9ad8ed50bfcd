#include "config/comments.h"

#include <algorithm>
#include <optional>
#include <tuple>

namespace ficus::config {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

class Scanner {
 public:
  Scanner(std::string_view text, const std::vector<Token>& tokens) : text_(text), tokens_(tokens) {}

  std::vector<Comment> run() {
    while (at_ < text_.size()) {
      pass_tokens();
      if (at_ >= text_.size()) break;
      if (text_[at_] == '#' && (at_ == line_start_ || is_blank(text_[at_ - 1]))) {
        take_comment();
      } else {
        advance();
      }
    }
    return std::move(found_);
  }

 private:
  int column() const { return static_cast<int>(at_ - line_start_) + 1; }

  void advance() {
    if (text_[at_++] != '\n') return;
    ++line_;
    line_start_ = at_;
  }

  void take_comment() {
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    std::string_view rest = text_.substr(at_ + 1, end - at_ - 1);
    if (rest.ends_with('\r')) rest.remove_suffix(1);
    const std::string_view before = text_.substr(line_start_, at_ - line_start_);
    found_.push_back(
        {{line_, column()}, rest, before.find_first_not_of(" \t") == std::string_view::npos});
    at_ = end;
  }

  // If a scalar in quotes or a block scalar begins here, goes behind it.
  void pass_tokens() {
    bool begins = false;
    for (; next_ < tokens_.size(); ++next_) {
      const Token& token = tokens_[next_];
      if (std::tie(token.at.line, token.at.column) > std::tuple(line_, column())) break;
      begins = begins || (token.at.line == line_ && token.at.column == column());
      if (token.is_key) last_key_ = token.at;
    }
    if (!begins) return;
    pass_properties();
    if (at_ >= text_.size()) return;
    if (text_[at_] == '"') return pass_double_quoted();
    if (text_[at_] == '\'') return pass_single_quoted();
    if (text_[at_] == '|' || text_[at_] == '>') return pass_block();
  }

  // An anchor before the value: it is where the parser says that the value begins.
  void pass_properties() {
    while (at_ < text_.size() && (text_[at_] == '&' || text_[at_] == '!')) {
      while (at_ < text_.size() && !is_blank(text_[at_]) && text_[at_] != '\n') ++at_;
      while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    }
  }

  void pass_double_quoted() {
    advance();
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') advance();
      if (at_ < text_.size()) advance();
    }
    if (at_ < text_.size()) advance();
  }

  void pass_single_quoted() {
    advance();
    while (at_ < text_.size()) {
      const bool is_quote = text_[at_] == '\'';
      advance();
      if (!is_quote) continue;
      if (at_ >= text_.size() || text_[at_] != '\'') return;
      advance();
    }
  }

  // YAML 1.2.2 section 8.1: the indentation is that of the first line with content, or the parent's
  // plus the indicator; the first line with less ends the scalar.
  void pass_block() {
    const int parent = parent_indentation();
    std::optional<int> indentation;
    for (; at_ < text_.size() && text_[at_] != '\n'; advance()) {
      if (text_[at_] == '#' && is_blank(text_[at_ - 1])) {
        take_comment();
        break;
      }
      if (text_[at_] >= '1' && text_[at_] <= '9') indentation = parent + (text_[at_] - '0');
    }
    if (at_ < text_.size()) advance();
    while (at_ < text_.size()) {
      const std::size_t content = text_.find_first_not_of(' ', at_);
      const bool is_empty =
          content == std::string_view::npos || text_[content] == '\n' || text_[content] == '\r';
      if (!is_empty) {
        const int spaces = static_cast<int>(content - at_);
        if (!indentation) indentation = std::max(spaces, parent + 1);
        if (spaces < *indentation) return;
      }
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      if (at_ < text_.size()) advance();
    }
  }

  // Of the map or list that holds the block scalar which begins here, in spaces.
  int parent_indentation() const {
    int dash = -1;
    for (std::size_t i = line_start_; i < at_; ++i) {
      if (text_[i] == '-' && i + 1 < text_.size() && is_blank(text_[i + 1])) {
        dash = static_cast<int>(i - line_start_);
      } else if (!is_blank(text_[i])) {
        break;
      }
    }
    const bool key_is_here = last_key_.line == line_;
    if (dash >= 0 && !key_is_here) return dash;
    return std::max(0, last_key_.column - 1);
  }

  const std::string_view text_;
  const std::vector<Token>& tokens_;
  std::vector<Comment> found_;
  std::size_t next_ = 0;  // token
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  int line_ = 1;
  Mark last_key_;
};

}  // namespace

std::vector<Comment> find_comments(std::string_view text, const std::vector<Token>& tokens) {
  return Scanner(text, tokens).run();
}

}  // namespace ficus::config
