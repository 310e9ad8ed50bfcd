#include "proxy/http/hop_fields.h"

#include <cstdint>

#include "proxy/http/grammar.h"

namespace ficus::proxy::http {

namespace {

// RFC 7239 §6: a port is 1*5DIGIT or obfuscated; it says nothing here but must be one of the two.
bool is_port(std::string_view text) {
  if (text.size() > 1 && text.front() == '_') return is_token(text);
  if (text.empty() || text.size() > 5) return false;
  for (const char c : text) {
    if (!is_a(c, kDigitChar)) return false;
  }
  return true;
}

// Walks a Forwarded value, quotes respected. Pairs end at ';', elements at ','.
class ForwardedReader {
 public:
  explicit ForwardedReader(std::string_view text) : rest_(text) {}

  enum class Element { with_pairs, empty, fault };

  // One element and its `for`, which is empty if it has none.
  Element element(std::string_view& node) {
    node = {};
    Element result = Element::empty;
    for (;;) {
      skip_blanks();
      if (rest_.empty() || rest_.front() == ',') break;
      if (rest_.front() != ';') {
        if (!pair(node)) return Element::fault;
        result = Element::with_pairs;
      }
      skip_blanks();
      if (rest_.empty() || rest_.front() == ',') break;
      if (rest_.front() != ';') return Element::fault;
      rest_.remove_prefix(1);
    }
    at_end_ = rest_.empty();
    if (!at_end_) rest_.remove_prefix(1);
    return result;
  }

  bool at_end() const { return at_end_; }

 private:
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }

  std::string_view take_token() {
    std::size_t size = 0;
    while (size < rest_.size() && is_a(rest_[size], kTokenChar)) ++size;
    const std::string_view token = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return token;
  }

  // What stands between the quotes. A backslash never stands in an address, so that escapes need
  // not be undone: the text then is none.
  bool take_quoted(std::string_view& value) {
    for (std::size_t at = 1; at < rest_.size(); ++at) {
      if (rest_[at] == '\\') {
        ++at;
      } else if (rest_[at] == '"') {
        value = rest_.substr(1, at - 1);
        rest_.remove_prefix(at + 1);
        return true;
      }
    }
    return false;
  }

  bool pair(std::string_view& node) {
    const std::string_view name = take_token();
    if (name.empty() || rest_.empty() || rest_.front() != '=') return false;
    rest_.remove_prefix(1);
    std::string_view value;
    if (!rest_.empty() && rest_.front() == '"') {
      if (!take_quoted(value)) return false;
    } else {
      value = take_token();
    }
    if (value.empty()) return false;
    if (equals_ignoring_case(name, "for")) {
      if (!node.empty()) return false;
      node = value;
    }
    return true;
  }

  std::string_view rest_;
  bool at_end_ = false;
};

// Is `name` the given one for a backend that takes '_' and '-' for the same (RFC 3875 §4.1.18)?
bool reads_as(std::string_view name, std::string_view lower_case) {
  if (name.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i] == '_' ? '-' : name[i];
    if (!equals_ignoring_case({&c, 1}, lower_case.substr(i, 1))) return false;
  }
  return true;
}

constexpr std::string_view kXForwarded = "x-forwarded-";

}  // namespace

std::optional<SocketAddress> parse_node(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view after = text.substr(end + 1);
    if (!after.empty() && (after.front() != ':' || !is_port(after.substr(1)))) return std::nullopt;
    return SocketAddress::parse(text.substr(0, end + 1), 0);
  }
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos) {
    if (!is_port(text.substr(colon + 1))) return std::nullopt;
    text = text.substr(0, colon);
  }
  return SocketAddress::parse(text, 0);
}

HopList::HopList(const RequestHead& head)
    : head_(head),
      id_(head.fields.has(HeaderId::x_forwarded_for) ? HeaderId::x_forwarded_for
                                                     : HeaderId::forwarded),
      line_(head.fields.has(id_) ? head.fields.size() : 0) {}

// Reads the next line from the end; its last nodes lie in a ring.
bool HopList::load_line() {
  while (line_ > 0) {
    const Field& field = head_.fields[static_cast<std::uint32_t>(--line_)];
    if (field.id != id_) continue;
    std::size_t count = 0;
    const auto keep = [&](std::string_view node) { nodes_[count++ % kMaxNodes] = node; };
    if (id_ == HeaderId::x_forwarded_for) {
      ListMembers members(head_.value(field));
      std::string_view member;
      while (members.next(member)) {
        if (!member.empty()) keep(member);
      }
    } else {
      ForwardedReader reader(head_.value(field));
      while (!reader.at_end()) {
        std::string_view node;
        const auto element = reader.element(node);
        faulty_ = element == ForwardedReader::Element::fault;
        if (faulty_) return false;
        if (element == ForwardedReader::Element::with_pairs) keep(node);
      }
    }
    first_ = count;
    left_ = count < kMaxNodes ? count : kMaxNodes;
    if (count > kMaxNodes) line_ = 0;  // nothing is known about what lies before
    if (left_ > 0) return true;
  }
  return false;
}

bool HopList::next(SocketAddress& address) {
  if (faulty_) return false;
  if (left_ == 0 && !load_line()) return false;
  --left_;
  const auto node = parse_node(nodes_[--first_ % kMaxNodes]);
  faulty_ = !node;
  if (node) address = *node;
  return !faulty_;
}

void drop_x_forwarded(RequestHead& head) {
  for (Field& field : head.fields) {
    switch (field.id) {
      case HeaderId::x_forwarded_for:
      case HeaderId::x_forwarded_proto:
      case HeaderId::x_forwarded_host:
        field.dropped = true;
        break;
      case HeaderId::other:
        if (reads_as(head.name(field).substr(0, kXForwarded.size()), kXForwarded) ||
            reads_as(head.name(field), "x-real-ip")) {
          field.dropped = true;
        }
        break;
      default:
        break;
    }
  }
}

bool has_sound_forwarded(const RequestHead& head) {
  for (const Field& field : head.fields) {
    if (field.id != HeaderId::forwarded || field.dropped) continue;
    ForwardedReader reader(head.value(field));
    while (!reader.at_end()) {
      std::string_view node;
      if (reader.element(node) == ForwardedReader::Element::fault) return false;
    }
  }
  return true;
}

void drop_forwarded(RequestHead& head) {
  for (Field& field : head.fields) {
    if (field.id == HeaderId::forwarded) field.dropped = true;
  }
}

}  // namespace ficus::proxy::http
