#include "proxy/http/field_parser.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "proxy/http/grammar.h"

namespace ficus::proxy::http {

namespace {

constexpr std::uint64_t repeat(std::uint8_t byte) { return 0x0101010101010101u * byte; }

// The high bit of each byte that is a control character; bytes after the first such one may be
// flagged wrongly (the borrow runs upwards), the first never is.
std::uint64_t control_bits(std::uint64_t word) {
  const std::uint64_t below_space = (word - repeat(0x20)) & ~word;
  const std::uint64_t against_del = word ^ repeat(0x7f);
  const std::uint64_t is_del = (against_del - repeat(0x01)) & ~against_del;
  return (below_space | is_del) & repeat(0x80);
}

std::string_view control_detail(char c) {
  switch (c) {
    case '\n':
      return "bare LF: lines end in CRLF";
    case '\r':
      return "bare CR: lines end in CRLF";
    case '\0':
      return "NUL in the head";
    default:
      return "control character in the head";
  }
}

std::string_view name_fault(const char* name, const char* stop) {
  if (is_blank(*stop)) {
    if (stop == name) return "white space before a field name: folded lines are obsolete";
    return "white space between field name and colon";
  }
  if (*stop == ':') return "empty field name";
  if (is_control(*stop)) {
    return *stop == '\r' ? "field line without a colon" : control_detail(*stop);
  }
  return "invalid character in a field name";
}

}  // namespace

const char* find_control(const char* at, const char* end) {
  if constexpr (std::endian::native == std::endian::little) {
    while (end - at >= 8) {
      std::uint64_t word;
      std::memcpy(&word, at, sizeof word);
      const std::uint64_t bits = control_bits(word);
      if (bits != 0) return at + (std::countr_zero(bits) >> 3);
      at += 8;
    }
  }
  while (at != end && !is_control(*at)) ++at;
  return at;
}

ParseOutcome scan_field_line(const char* base, const char*& at, const char* end, Field& field) {
  const char* name = at;
  const char* p = name;
  while (p != end && is_a(*p, kTokenChar)) ++p;
  if (p == end) return kIncomplete;
  if (*p != ':' || p == name) return bad_request(name_fault(name, p));
  const char* colon = p++;
  while (p != end && is_blank(*p)) ++p;
  const char* value = p;
  p = find_control(p, end);
  while (p != end && *p == '\t') p = find_control(p + 1, end);
  if (p == end) return kIncomplete;
  if (*p != '\r') return bad_request(control_detail(*p));
  if (p + 1 == end) return kIncomplete;
  if (p[1] != '\n') return bad_request(control_detail('\r'));
  const char* value_end = p;
  while (value_end != value && is_blank(value_end[-1])) --value_end;

  field.name_at = static_cast<std::uint32_t>(name - base);
  field.name_size = static_cast<std::uint32_t>(colon - name);
  field.value_at = static_cast<std::uint32_t>(value - base);
  field.value_size = static_cast<std::uint32_t>(value_end - value);
  field.id = HeaderId::other;
  field.dropped = false;
  // "name:CRLF" of an empty value is as good as "name: CRLF".
  field.canonical =
      value_end == p && (value == colon + 2 ? colon[1] == ' ' : value == p && value == colon + 1);
  at = p + 2;
  return kComplete;
}

ParseOutcome parse_field_lines(std::string_view bytes, const char*& at, const HeadLimits& limits,
                               FieldList& fields) {
  const char* base = bytes.data();
  const char* end = base + bytes.size();
  for (;;) {
    if (at == end) return kIncomplete;
    if (*at == '\r') return expect_crlf(at, end, {});
    if (fields.size() == limits.max_fields && is_a(*at, kTokenChar)) {
      return fault(431, ErrorKind::head_too_large, "too many header fields");
    }
    Field field;
    const ParseOutcome outcome = scan_field_line(base, at, end, field);
    if (outcome.status != ParseStatus::complete) return outcome;
    field.id = header_id({base + field.name_at, field.name_size});
    fields.push_back(field);
  }
}

ParseOutcome expect_crlf(const char*& at, const char* end, std::string_view unexpected) {
  if (at == end) return kIncomplete;
  if (*at != '\r') return bad_request(is_control(*at) ? control_detail(*at) : unexpected);
  if (at + 1 == end) return kIncomplete;
  if (at[1] != '\n') return bad_request(control_detail('\r'));
  at += 2;
  return kComplete;
}

}  // namespace ficus::proxy::http
