#include "config/allowance.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "config/comments.h"
#include "config/findings.h"
#include "config/suggestion.h"
#include "config/warning_table.h"

namespace ficus::config {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kName = "ficus";
constexpr std::string_view kForm = "write it as `# ficus: allow W07 reason`";

// The tokens of a document with the item that each belongs to: of a list at the top level
// `routes[2]`, of the backends `backends.new`, else the key of the top level.
class TokenList {
 public:
  explicit TokenList(const Document& document) {
    add(document.root->at, false, own(""));
    for (const Entry& entry : document.root->entries) {
      const std::string_view scope = own(entry.key);
      add(entry.key_at, true, scope);
      add(entry.value->at, false, scope);
      if (entry.value->kind == Node::Kind::sequence) {
        for (std::size_t i = 0; i < entry.value->items.size(); ++i) {
          walk(*entry.value->items[i], own(entry.key + "[" + std::to_string(i) + "]"));
        }
      } else if (entry.key == "backends") {
        for (const Entry& backend : entry.value->entries) {
          const std::string_view item = own(entry.key + "." + backend.key);
          add(backend.key_at, true, item);
          walk(*backend.value, item);
        }
      } else {
        walk(*entry.value, scope);
      }
    }
    std::stable_sort(tokens_.begin(), tokens_.end(), [](const Token& a, const Token& b) {
      return std::tie(a.at.line, a.at.column) < std::tie(b.at.line, b.at.column);
    });
  }

  const std::vector<Token>& list() const { return tokens_; }

  // The items with a token in this line; the narrower where there are both.
  std::vector<std::string_view> scopes_in(int line) const {
    std::vector<std::string_view> scopes;
    std::vector<std::string_view> wide;
    for (auto token = first_from(line); token != tokens_.end() && token->at.line == line; ++token) {
      std::vector<std::string_view>& list = is_item(token->scope) ? scopes : wide;
      if (token->scope.empty()) continue;
      if (std::find(list.begin(), list.end(), token->scope) == list.end()) {
        list.push_back(token->scope);
      }
    }
    return scopes.empty() ? wide : scopes;
  }

  bool is_item_line(int line) const {
    const std::vector<std::string_view> scopes = scopes_in(line);
    return !scopes.empty() && is_item(scopes.front());
  }

  // The first line from this one on that holds a token.
  std::optional<int> next_line(int line) const {
    const auto token = first_from(line);
    if (token == tokens_.end()) return std::nullopt;
    return token->at.line;
  }
  // The last line up to this one that holds a token.
  std::optional<int> previous_line(int line) const {
    const auto token = first_from(line + 1);
    if (token == tokens_.begin()) return std::nullopt;
    return std::prev(token)->at.line;
  }

 private:
  using Iterator = std::vector<Token>::const_iterator;

  static bool is_item(std::string_view scope) {
    return scope.find_first_of(".[") != std::string_view::npos;
  }

  Iterator first_from(int line) const {
    return std::lower_bound(tokens_.begin(), tokens_.end(), line,
                            [](const Token& token, int wanted) { return token.at.line < wanted; });
  }

  std::string_view own(std::string scope) {
    scopes_.push_back(std::move(scope));
    return scopes_.back();
  }

  void add(Mark at, bool is_key, std::string_view scope) { tokens_.push_back({at, is_key, scope}); }

  // An alias brings the tokens of its anchor, which stands before: known there by its own item.
  void walk(const Node& node, std::string_view scope) {
    add(node.at, false, scope);
    for (const NodePtr& item : node.items) walk(*item, scope);
    for (const Entry& entry : node.entries) {
      add(entry.key_at, true, scope);
      walk(*entry.value, scope);
    }
  }

  std::deque<std::string> scopes_;
  std::vector<Token> tokens_;
};

bool looks_like_code(std::string_view word) {
  return word.size() >= 2 && (word[0] == 'W' || word[0] == 'w') && word[1] >= '0' && word[1] <= '9';
}

std::string_view next_word(std::string_view& text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  const std::size_t end = std::min(text.find_first_of(" \t", begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

struct Directive {
  std::string code;
  std::string fault;  // nothing is allowed then
};

std::optional<Directive> parse_allow(std::string_view code, std::string_view reason) {
  if (code.ends_with(':') || code.ends_with(',')) code.remove_suffix(1);
  if (code.empty()) return Directive{{}, "names no warning; " + std::string(kForm)};
  if (find_warning(code) == nullptr) {
    return Directive{
        {}, "there is no warning " + backquoted(code) + did_you_mean(code, warning_codes())};
  }
  if (next_word(reason).empty()) {
    return Directive{{},
                     "gives no reason; " + std::string(kForm) +
                         ", so that the next reader knows why it is right here"};
  }
  return Directive{std::string(code), {}};
}

// nullopt: an ordinary comment.
std::optional<Directive> parse(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of("# \t"), text.size()));
  if (!text.starts_with(kName)) return std::nullopt;
  std::string_view rest = text.substr(kName.size());
  if (rest.starts_with(':')) {
    rest.remove_prefix(1);
    std::string_view after = rest;
    if (next_word(after) == "allow") {
      const std::string_view code = next_word(after);
      return parse_allow(code, after);
    }
  }
  // Prose may begin with the name; what also holds a code was meant for us.
  const std::string_view words[] = {next_word(rest), next_word(rest), next_word(rest)};
  if (std::none_of(std::begin(words), std::end(words), looks_like_code)) return std::nullopt;
  return Directive{{}, "is not understood; " + std::string(kForm)};
}

int indentation_of(std::string_view text, int line) {
  std::size_t start = 0;
  for (int i = 1; i < line && start < text.size(); ++i) {
    start = std::min(text.find('\n', start), text.size() - 1) + 1;
  }
  return static_cast<int>(std::min(text.find_first_not_of(' ', start), text.size()) - start);
}

// The line of what a comment is about. Deeper than the line below, it ends the item above.
std::optional<int> subject_line(std::string_view text, const TokenList& tokens,
                                const Comment& comment) {
  const std::optional<int> above = tokens.previous_line(comment.at.line);
  if (!comment.is_alone) return above;
  const std::optional<int> below = tokens.next_line(comment.at.line);
  const bool is_deeper = !below || comment.at.column - 1 > indentation_of(text, *below);
  return is_deeper && above && tokens.is_item_line(*above) ? above : below;
}

}  // namespace

void read_allowances(std::string_view text, const Document& document, Allowances& allowances) {
  if (text.find(kName) == std::string_view::npos) return;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const TokenList tokens(document);
  for (const Comment& comment : find_comments(text, tokens.list())) {
    std::optional<Directive> directive = parse(comment.text);
    if (!directive) continue;
    const Location at{document.file, comment.at.line, comment.at.column};
    if (!directive->fault.empty()) {
      allowances.faults.push_back({Severity::error, at, "# ficus", std::move(directive->fault)});
      continue;
    }
    const bool is_before_all = !tokens.previous_line(comment.at.line);
    const std::optional<int> line = subject_line(text, tokens, comment);
    if (is_before_all) {
      allowances.list.push_back({at, directive->code, ""});
    } else if (line) {
      for (const std::string_view scope : tokens.scopes_in(*line)) {
        allowances.list.push_back({at, directive->code, std::string(scope)});
      }
    } else {
      allowances.faults.push_back({Severity::error, at, "# ficus",
                                   "stands behind all that it could concern; " +
                                       std::string("put it above the route or backend")});
    }
  }
}

}  // namespace ficus::config
