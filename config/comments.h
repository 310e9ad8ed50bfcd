#pragma once

#include <string_view>
#include <vector>

#include "config/document.h"

namespace ficus::config {

// The first byte of a key or value.
struct Token {
  Mark at;
  bool is_key = false;
  std::string_view scope;  // the item that it belongs to, for allowances
};

struct Comment {
  Mark at;                // of the #
  std::string_view text;  // after the #, up to the end of the line
  bool is_alone = false;  // nothing but blanks before it
};

// The comments of a YAML text that was parsed; `tokens` in the order of the text. The YAML parser
// drops comments, but it says where each scalar begins, so that a # inside quotes or a block
// scalar is told from one that begins a comment (YAML 1.2.2 section 6.6). Views into the text.
std::vector<Comment> find_comments(std::string_view text, const std::vector<Token>& tokens);

}  // namespace ficus::config
