#include "proxy/http/framing_fields.h"

#include <limits>

#include "proxy/http/grammar.h"

namespace ficus::proxy::http {

namespace {

constexpr std::uint64_t kMaxLength = std::numeric_limits<std::int64_t>::max();

FramingFields framing_fault(std::string_view detail) {
  FramingFields result;
  result.detail = detail;
  return result;
}

void judge_coding(std::string_view value, std::uint8_t minor_version, FramingFields& result) {
  if (minor_version == 0) {
    result.detail = "Transfer-Encoding in HTTP/1.0";
    return;
  }
  switch (judge_transfer_encoding(value)) {
    case TransferCoding::chunked:
      result.chunked = true;
      return;
    case TransferCoding::unknown:
      result.unknown_coding = true;
      result.detail = "unknown transfer coding: only chunked is spoken here";
      return;
    case TransferCoding::malformed:
      result.detail = "Transfer-Encoding is not exactly one final chunked";
      return;
  }
}

}  // namespace

std::optional<std::uint64_t> parse_content_length(std::string_view value) {
  if (value.empty()) return std::nullopt;
  std::uint64_t length = 0;
  for (const char c : value) {
    if (!is_a(c, kDigitChar)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (kMaxLength - digit) / 10) return std::nullopt;
    length = length * 10 + digit;
  }
  return length;
}

TransferCoding judge_transfer_encoding(std::string_view value) {
  if (equals_ignoring_case(value, "chunked")) return TransferCoding::chunked;
  ListMembers members(value);
  std::string_view member;
  bool unknown = false;
  bool chunked = false;
  while (members.next(member)) {
    if (!is_token(member) || chunked || equals_ignoring_case(member, "identity")) {
      return TransferCoding::malformed;
    }
    chunked = equals_ignoring_case(member, "chunked");
    unknown = unknown || !chunked;
  }
  return unknown ? TransferCoding::unknown : TransferCoding::malformed;
}

FramingFields judge_framing_fields(const char* base, std::uint8_t minor_version,
                                   FieldList& fields) {
  FramingFields result;
  Field* length = nullptr;
  Field* coding = nullptr;
  if (!fields.has(HeaderId::content_length) && !fields.has(HeaderId::transfer_encoding)) {
    return result;
  }
  for (Field& field : fields) {
    if (field.dropped) continue;
    if (field.id == HeaderId::content_length) {
      if (length != nullptr) return framing_fault("more than one Content-Length");
      length = &field;
    } else if (field.id == HeaderId::transfer_encoding) {
      if (coding != nullptr) return framing_fault("more than one Transfer-Encoding");
      coding = &field;
    }
  }
  if (length != nullptr && coding != nullptr) {
    return framing_fault("Content-Length together with Transfer-Encoding");
  }
  if (coding != nullptr) {
    const std::string_view value(base + coding->value_at, coding->value_size);
    judge_coding(value, minor_version, result);
    coding->canonical = coding->canonical && value == "chunked";
    return result;
  }
  const std::string_view value(base + length->value_at, length->value_size);
  result.content_length = parse_content_length(value);
  if (!result.content_length) return framing_fault("Content-Length is not one decimal number");
  length->canonical = length->canonical && (value.size() == 1 || value.front() != '0');
  return result;
}

bool repeats_one_length(const char* base, const FieldList& fields) {
  std::optional<std::uint64_t> length;
  int count = 0;
  for (const Field& field : fields) {
    if (field.id != HeaderId::content_length || field.dropped) continue;
    ListMembers members({base + field.value_at, field.value_size});
    std::string_view member;
    while (members.next(member)) {
      const auto one = parse_content_length(member);
      if (!one || (length && *length != *one)) return false;
      length = one;
      ++count;
    }
  }
  return count > 1;
}

void keep_first_length(const char* base, FieldList& fields) {
  bool kept = false;
  for (Field& field : fields) {
    if (field.id != HeaderId::content_length || field.dropped) continue;
    field.dropped = kept;
    if (kept) continue;
    kept = true;
    const std::string_view value(base + field.value_at, field.value_size);
    const std::string_view first = trim_blanks(value.substr(0, value.find(',')));
    if (first.size() != value.size()) field.canonical = false;
    field.value_size = static_cast<std::uint32_t>(first.size());
  }
}

}  // namespace ficus::proxy::http
