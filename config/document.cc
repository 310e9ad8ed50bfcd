#include "config/document.h"

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "config/source_text.h"
#include "config/substitution.h"

namespace ficus::config {
namespace {

constexpr const char* kPlainTag = "?";
constexpr const char* kQuotedTag = "!";

// Ends a parse from within an event: the fault makes the rest meaningless.
struct Abandoned {};

Mark to_mark(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

// Builds the tree from the parser's events. The events, unlike yaml-cpp's own nodes, still show
// duplicate keys and aliases.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, const Environment& environment, Budget& budget,
              Findings& findings)
      : file_(file), environment_(environment), budget_(budget), findings_(findings) {}

  // Once the whole text was found to be YAML. nullptr after a fault.
  NodePtr take_root() {
    if (!key_fault_) return std::move(root_);
    findings_.error(key_fault_->at, key_fault_->key, key_fault_->message);
    return nullptr;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_ != nullptr) {
      abandon(to_mark(mark),
              "a second YAML document; a configuration is one document: move it "
              "into a file of its own and name that under include");
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto node = std::make_shared<Node>();
    node->at = to_mark(mark);
    finish(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto target = anchors_.find(anchor);
    if (target == anchors_.end()) {
      abandon(to_mark(mark), "an alias to a value that holds the alias itself");
    }
    spend(target->second->size, to_mark(mark));
    place(target->second, to_mark(mark));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    auto node = std::make_shared<Node>();
    node->kind = Node::Kind::scalar;
    node->at = to_mark(mark);
    node->is_quoted = tag == kQuotedTag;
    node->text = value;
    if (!expects_key()) replace_variables(*node);
    finish(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    std::shared_ptr<Node> node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::optional<std::pair<std::string, Mark>> key;  // of the value that comes next
    std::unordered_map<std::string, int> lines;       // of the keys so far
  };

  [[noreturn]] void abandon(Mark at, std::string message) {
    findings_.error({file_, at.line, at.column}, path(), std::move(message));
    throw Abandoned{};
  }

  std::string path() const {
    std::string out;
    for (const Frame& frame : frames_) {
      if (frame.node->kind == Node::Kind::sequence) {
        out += "[" + std::to_string(frame.node->items.size()) + "]";
      } else if (frame.key) {
        out += (out.empty() ? "" : ".") + frame.key->first;
      }
    }
    return out;
  }

  bool expects_key() const {
    return !frames_.empty() && frames_.back().node->kind == Node::Kind::map && !frames_.back().key;
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == kPlainTag || tag == kQuotedTag) return;
    findings_.error({file_, mark.line + 1, mark.column + 1}, path(),
                    "a YAML tag; types are known from the key, remove the tag");
  }

  void replace_variables(Node& node) {
    if (node.text.find("${") == std::string::npos) return;
    Substitution result = substitute(node.text, environment_);
    node.is_unknown = !result.problems.empty();
    for (std::string& problem : result.problems) {
      findings_.error({file_, node.at.line, node.at.column}, path(), std::move(problem));
    }
    if (result.text.size() > budget_.substituted_bytes) {
      abandon(node.at, "the values put in by ${…} are too large together");
    }
    budget_.substituted_bytes -= result.text.size();
    node.written = std::exchange(node.text, std::move(result.text));
    node.is_substituted = result.replaced || !result.problems.empty();
  }

  void spend(std::size_t nodes, Mark at) {
    if (nodes > budget_.nodes) {
      abandon(at, "more than " + std::to_string(kMaxNodes) +
                      " values, counting each alias with all that it stands for");
    }
    budget_.nodes -= nodes;
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    check_tag(mark, tag);
    if (frames_.size() >= kMaxDepth) {
      abandon(to_mark(mark), "nested deeper than " + std::to_string(kMaxDepth) + " levels");
    }
    Frame frame;
    frame.node = std::make_shared<Node>();
    frame.node->kind = kind;
    frame.node->at = to_mark(mark);
    frame.anchor = anchor;
    spend(1, frame.node->at);
    frames_.push_back(std::move(frame));
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (frame.anchor != YAML::NullAnchor) anchors_[frame.anchor] = frame.node;
    const Mark at = frame.node->at;
    place(std::move(frame.node), at);
  }

  void finish(std::shared_ptr<Node> node, YAML::anchor_t anchor) {
    spend(1, node->at);
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
    const Mark at = node->at;
    place(std::move(node), at);
  }

  void place(NodePtr node, Mark at) {
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    if (expects_key()) {
      take_key(*node, at);
      return;
    }
    Frame& frame = frames_.back();
    frame.node->size += node->size;
    frame.node->height = std::max(frame.node->height, node->height + 1);
    if (frames_.size() + node->height > kMaxDepth) {
      abandon(at, "nested deeper than " + std::to_string(kMaxDepth) + " levels");
    }
    if (frame.node->kind == Node::Kind::sequence) {
      frame.node->items.push_back(std::move(node));
      return;
    }
    const auto [key, key_at] = *std::exchange(frame.key, std::nullopt);
    const auto [first, is_new] = frame.lines.emplace(key, key_at.line);
    if (is_new) {
      frame.node->entries.push_back({key, key_at, std::move(node)});
      return;
    }
    if (key_fault_) return;  // the keys are not what they seem
    const std::string parent = path();
    findings_.error(
        {file_, key_at.line, key_at.column}, parent.empty() ? key : parent + "." + key,
        "a duplicate key; it is already given in line " + std::to_string(first->second));
  }

  void take_key(const Node& node, Mark at) {
    if (node.kind != Node::Kind::scalar && !key_fault_) {
      key_fault_ = Diagnostic{
          Severity::error, {file_, at.line, at.column}, path(), "a key must be a plain text"};
    }
    frames_.back().key.emplace(node.text, at);
  }

  const std::string& file_;
  const Environment& environment_;
  Budget& budget_;
  Findings& findings_;
  NodePtr root_;
  // A list or map as a key. Not told at once: after a bracket that is never closed, the parser
  // takes what follows for a key and finds out only at the end.
  std::optional<Diagnostic> key_fault_;
  std::vector<Frame> frames_;
  std::unordered_map<YAML::anchor_t, NodePtr> anchors_;
};

std::string lower_first(std::string text) {
  if (!text.empty() && text.front() >= 'A' && text.front() <= 'Z') {
    text.front() = static_cast<char>(text.front() - 'A' + 'a');
  }
  return text;
}

std::string_view line_of(std::string_view text, int number) {
  for (; number > 1; --number) {
    const std::size_t end = text.find('\n');
    if (end == text.npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

// Inside {…} the brace of a ${…} begins or ends a map. The parser notices there or a line later.
std::string_view hint_for(std::string_view text, int line) {
  for (const int number : {line, line - 1}) {
    if (number > 0 && line_of(text, number).find("${") != std::string_view::npos) {
      return "; write ${…} in quotes, as \"${NAME}\": inside {…} YAML takes its braces for a map's";
    }
  }
  return {};
}

NodePtr build_tree(std::string_view text, const std::string& file, TreeBuilder& builder,
                   Findings& findings) {
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take_root();
  } catch (const Abandoned&) {
    return nullptr;
  } catch (const YAML::Exception& fault) {
    const Mark at = to_mark(fault.mark);
    findings.error({file, at.line, at.column}, {},
                   "is not YAML: " + lower_first(fault.msg) + std::string(hint_for(text, at.line)));
    return nullptr;
  }
}

}  // namespace

std::optional<Document> parse_document(const FileText& source, const std::string& file,
                                       const Environment& environment, Budget& budget,
                                       Findings& findings) {
  if (!source.text) {
    findings.error({file, 0, 0}, {}, source.problem);
    return std::nullopt;
  }
  const std::optional<std::string_view> text = check_source_text(*source.text, file, findings);
  if (!text) return std::nullopt;
  TreeBuilder builder(file, environment, budget, findings);
  NodePtr root = build_tree(*text, file, builder, findings);
  if (root == nullptr) {
    if (!findings.any_error()) findings.error({file, 0, 0}, {}, "holds no YAML document");
    return std::nullopt;
  }
  if (root->kind != Node::Kind::map) {
    findings.error({file, std::max(root->at.line, 1), std::max(root->at.column, 1)}, {},
                   "is not a map of keys; a configuration begins with `version: 1`");
    return std::nullopt;
  }
  return Document{file, std::move(root)};
}

}  // namespace ficus::config
