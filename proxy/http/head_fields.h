#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "proxy/error.h"

namespace ficus::proxy::http {

// The field names that the proxy looks at; everything else is `other`.
enum class HeaderId : std::uint8_t {
  other,
  host,
  connection,
  keep_alive,
  proxy_connection,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  content_length,
  expect,
  cookie,
  authorization,
  accept,
  user_agent,
  x_forwarded_for,
  x_forwarded_proto,
  x_forwarded_host,
  forwarded,
  x_request_id,
  traceparent,
  tracestate,
  x_ficus,  // any X-Ficus-*, with '_' for '-' too
  set_cookie,
  cache_control,
  vary,
  date,
  server,
  content_type,
  location,
  http2_settings,
};

// Classifies a field name, whatever its case and whatever bytes it holds: one that is not `other`
// is spelled as it should be (of X-Ficus-* only the prefix is).
HeaderId header_id(std::string_view name);

// Compares ASCII without regard to case.
bool equals_ignoring_case(std::string_view a, std::string_view b);

// One field line. Offsets count from the first byte of the head.
struct Field {
  std::uint32_t name_at = 0;
  std::uint32_t name_size = 0;
  std::uint32_t value_at = 0;
  std::uint32_t value_size = 0;  // without the white space around it
  HeaderId id = HeaderId::other;
  bool dropped = false;    // ends at this hop (hop-by-hop, or removed for its own reasons)
  bool canonical = false;  // its bytes are "name: value CRLF" as the proxy itself would write them

  // One past the CRLF of a canonical line.
  std::uint32_t line_end() const { return value_at + value_size + 2; }
};

struct HeadLimits {
  std::uint32_t max_head_bytes = 32 * 1024;
  std::uint32_t max_fields = 100;
  std::uint32_t max_uri_bytes = 8 * 1024;
};

// The field lines of one head, in order. The first few live inside the object; more need memory,
// which is kept over clear(), so a list that is used again allocates nothing.
class FieldList {
 public:
  static constexpr std::uint32_t kInline = 24;

  FieldList() = default;
  FieldList(const FieldList& other) { assign(other); }
  FieldList& operator=(const FieldList& other) {
    if (this != &other) assign(other);
    return *this;
  }
  ~FieldList() = default;

  Field* begin() { return data(); }
  Field* end() { return data() + size_; }
  const Field* begin() const { return data(); }
  const Field* end() const { return data() + size_; }
  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Field& operator[](std::uint32_t index) { return data()[index]; }
  const Field& operator[](std::uint32_t index) const { return data()[index]; }

  // Is there a field of this kind, dropped ones included?
  bool has(HeaderId id) const { return (seen_ >> static_cast<unsigned>(id) & 1u) != 0; }

  void clear() {
    size_ = 0;
    seen_ = 0;
  }
  void push_back(const Field& field) {
    next() = field;
    take_next();
  }
  // Room for one more field, to be filled in place and then taken.
  Field& next() {
    if (size_ == capacity_) grow(capacity_ * 2);
    return data()[size_];
  }
  void take_next() { seen_ |= std::uint64_t{1} << static_cast<unsigned>(data()[size_++].id); }

 private:
  Field* data() { return heap_ ? heap_.get() : inline_.data(); }
  const Field* data() const { return heap_ ? heap_.get() : inline_.data(); }
  void assign(const FieldList& other) {
    size_ = 0;
    if (other.size_ > capacity_) grow(other.size_);
    std::copy(other.begin(), other.end(), data());
    size_ = other.size_;
    seen_ = other.seen_;
  }
  void grow(std::uint32_t capacity);

  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = kInline;
  std::uint64_t seen_ = 0;
  std::unique_ptr<Field[]> heap_;
  std::array<Field, kInline> inline_;
};

// The rules of HTTP that answers break, as counted for each backend. The words are the `rule` label
// of ficus_malformed_responses_total.
enum class MalformedRule : std::uint8_t {
  none,
  status_line,
  header_name_space,
  bare_lf,
  header_syntax,
  head_too_large,
  duplicate_equal_length,
  framing_conflict,
  connection_option,
  upgrade,
  interim,  // too many interim responses
  chunk_syntax,
  stray_bytes,  // behind the end of an answer
};
inline constexpr std::size_t kMalformedRules =
    static_cast<std::size_t>(MalformedRule::stray_bytes) + 1;

constexpr std::string_view text(MalformedRule rule) {
  constexpr std::array<std::string_view, kMalformedRules> kText{"none",
                                                                "status_line",
                                                                "header_name_space",
                                                                "bare_lf",
                                                                "header_syntax",
                                                                "head_too_large",
                                                                "duplicate_equal_length",
                                                                "framing_conflict",
                                                                "connection_option",
                                                                "upgrade",
                                                                "interim",
                                                                "chunk_syntax",
                                                                "stray_bytes"};
  return kText[static_cast<std::size_t>(rule)];
}

// Why a head was refused: the status that a client is owed (for a response: 502) and the rule.
struct HeadFault {
  int status = 0;
  ErrorKind kind = ErrorKind::none;
  MalformedRule rule = MalformedRule::none;  // of an answer
  std::string_view detail{};                 // static storage
};

enum class ParseStatus : std::uint8_t { complete, incomplete, fault };

struct ParseOutcome {
  ParseStatus status = ParseStatus::incomplete;
  HeadFault fault{};
};

}  // namespace ficus::proxy::http
