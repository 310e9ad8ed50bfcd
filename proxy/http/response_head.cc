#include "proxy/http/response_head.h"

#include "proxy/http/connection_options.h"
#include "proxy/http/field_parser.h"
#include "proxy/http/framing_fields.h"
#include "proxy/http/grammar.h"
#include "proxy/http/head_lookup.h"
#include "proxy/http/request_line.h"
#include "proxy/http/tolerant_lines.h"

namespace ficus::proxy::http {

namespace {

constexpr int kSwitchingProtocols = 101;
constexpr int kUpgradeRequired = 426;

ParseOutcome malformed(MalformedRule rule, std::string_view detail) {
  return {ParseStatus::fault, {502, ErrorKind::malformed_response, rule, detail}};
}

ParseOutcome parse_status(const char*& at, const char* end, ResponseHead& head) {
  if (at == end) return kIncomplete;
  if (*at != ' ') return malformed(MalformedRule::status_line, "no space after the HTTP version");
  ++at;
  int status = 0;
  for (int digit = 0; digit < 3; ++digit, ++at) {
    if (at == end) return kIncomplete;
    if (!is_a(*at, kDigitChar))
      return malformed(MalformedRule::status_line, "the status is not three digits");
    status = status * 10 + (*at - '0');
  }
  if (at == end) return kIncomplete;
  if (is_a(*at, kDigitChar))
    return malformed(MalformedRule::status_line, "the status is not three digits");
  if (status < 100 || status > 599)
    return malformed(MalformedRule::status_line, "status outside 100 to 599");
  head.status = status;
  return kComplete;
}

// A reason may be absent, and its space with it: nothing is ambiguous then, and servers do it.
void scan_reason(const char*& at, const char* end, ResponseHead& head) {
  if (*at != ' ') return;
  const char* reason = ++at;
  at = find_control(at, end);
  while (at != end && *at == '\t') at = find_control(at + 1, end);
  head.reason_at = static_cast<std::uint32_t>(reason - head.base);
  head.reason_size = static_cast<std::uint32_t>(at - reason);
}

ParseOutcome parse_status_line(const char*& at, const char* end, ResponseHead& head) {
  ParseOutcome outcome = parse_version(at, end, head.minor_version);
  if (outcome.status != ParseStatus::complete) return outcome;
  outcome = parse_status(at, end, head);
  if (outcome.status != ParseStatus::complete) return outcome;
  scan_reason(at, end, head);
  return expect_crlf(at, end, "characters after the status");
}

// RFC 9112 §6.3, in its order.
ParseOutcome judge_framing(Method request_method, const config::Tolerance& tolerance,
                           ResponseHead& head) {
  FramingFields framing = judge_framing_fields(head.base, head.minor_version, head.fields);
  if (!framing.detail.empty()) {
    const bool equal =
        !head.fields.has(HeaderId::transfer_encoding) && repeats_one_length(head.base, head.fields);
    if (!equal || !tolerance.duplicate_equal_length) {
      return malformed(
          equal ? MalformedRule::duplicate_equal_length : MalformedRule::framing_conflict,
          framing.detail);
    }
    keep_first_length(head.base, head.fields);
    head.forgive(MalformedRule::duplicate_equal_length);
    framing = judge_framing_fields(head.base, head.minor_version, head.fields);
  }
  if (head.status < 200 || head.status == 204) {
    if (framing.chunked)
      return malformed(MalformedRule::framing_conflict,
                       "Transfer-Encoding in a response without a body");
    if (framing.content_length.value_or(0) > 0) {
      return malformed(MalformedRule::framing_conflict,
                       "Content-Length in a response without a body");
    }
    for (Field& field : head.fields) {
      if (field.id == HeaderId::content_length) field.dropped = true;
    }
    return kComplete;
  }
  if (request_method == Method::head || head.status == 304) return kComplete;
  if (framing.chunked) {
    head.framing = Framing::chunked;
  } else if (!framing.content_length) {
    head.framing = Framing::until_close;
  } else if (*framing.content_length > 0) {
    head.framing = Framing::length;
    head.content_length = *framing.content_length;
  }
  return kComplete;
}

// Upgrade goes on only where it means something to the client: in the answer to its own offer.
ParseOutcome judge_upgrade(ResponseHead& head) {
  head.upgrade = head.status == kSwitchingProtocols;
  if (!head.upgrade && head.status != kUpgradeRequired) return kComplete;
  bool named = false;
  for (Field& field : head.fields) {
    if (field.id != HeaderId::upgrade) continue;
    field.dropped = false;
    named = true;
  }
  if (head.upgrade && !named) return malformed(MalformedRule::upgrade, "101 without Upgrade");
  if (head.upgrade && head.minor_version == 0)
    return malformed(MalformedRule::upgrade, "101 in HTTP/1.0");
  return kComplete;
}

ParseOutcome judge_fields(Method request_method, const config::Tolerance& tolerance,
                          ResponseHead& head) {
  ParseOutcome outcome = judge_framing(request_method, tolerance, head);
  if (outcome.status != ParseStatus::complete) return outcome;
  const ConnectionOptions options = apply_connection_options(head.base, head.fields);
  if (!options.detail.empty()) return malformed(MalformedRule::connection_option, options.detail);
  outcome = judge_upgrade(head);
  if (outcome.status != ParseStatus::complete) return outcome;
  head.keep_alive = persists(options, head.minor_version) && head.framing != Framing::until_close &&
                    !head.upgrade;
  return kComplete;
}

void reset(const char* base, ResponseHead& head) {
  head.base = base;
  head.size = 0;
  head.status = 0;
  head.minor_version = 1;
  head.framing = Framing::none;
  head.content_length = 0;
  head.keep_alive = false;
  head.upgrade = false;
  head.tolerated = 0;
  head.fields.clear();
  head.reason_at = head.reason_size = 0;
}

MalformedRule rule_of(const HeadFault& fault, MalformedRule otherwise) {
  if (fault.rule != MalformedRule::none) return fault.rule;
  if (fault.detail == kBareLfDetail) return MalformedRule::bare_lf;
  if (fault.detail == kNameSpaceDetail) return MalformedRule::header_name_space;
  return fault.status == 431 ? MalformedRule::head_too_large : otherwise;
}

// Any broken rule of the shared grammar is the backend's.
ParseOutcome as_response(const ParseOutcome& outcome, MalformedRule otherwise) {
  if (outcome.status != ParseStatus::fault) return outcome;
  return malformed(rule_of(outcome.fault, otherwise), outcome.fault.detail);
}

// Status line and field lines; the head's size.
ParseOutcome parse_lines(std::string_view bytes, const HeadLimits& limits, ResponseHead& head) {
  reset(bytes.data(), head);
  const char* at = bytes.data();
  ParseOutcome outcome = parse_status_line(at, at + bytes.size(), head);
  if (outcome.status != ParseStatus::complete) {
    return as_response(outcome, MalformedRule::status_line);
  }
  outcome = parse_field_lines(bytes, at, limits, head.fields);
  head.size = static_cast<std::uint32_t>(at - bytes.data());
  return as_response(outcome, MalformedRule::header_syntax);
}

// The same for a head whose lines broke a rule that may be forgiven.
ParseOutcome parse_lines_again(std::string_view bytes, const HeadLimits& limits,
                               const config::Tolerance& tolerance, ResponseHead& head) {
  reset(bytes.data(), head);
  const char* at = bytes.data();
  const char* end = at + bytes.size();
  ParseOutcome outcome = parse_version(at, end, head.minor_version);
  if (outcome.status == ParseStatus::complete) outcome = parse_status(at, end, head);
  if (outcome.status == ParseStatus::complete) {
    scan_reason(at, end, head);
    outcome = end_line(at, end, tolerance, head);
  }
  if (outcome.status != ParseStatus::complete) {
    return as_response(outcome, MalformedRule::status_line);
  }
  outcome = parse_tolerant_field_lines(bytes, at, {limits, tolerance}, head);
  head.size = static_cast<std::uint32_t>(at - bytes.data());
  return as_response(outcome, MalformedRule::header_syntax);
}

}  // namespace

std::string_view ResponseHead::value(HeaderId id) const { return first_value(base, fields, id); }

const Field* ResponseHead::find(std::string_view field_name) const {
  return find_field(base, fields, field_name);
}

ParseOutcome parse_response_head(std::string_view bytes, const HeadLimits& limits,
                                 Method request_method, ResponseHead& head,
                                 const config::Tolerance& tolerance) {
  const bool full = bytes.size() >= limits.max_head_bytes;
  const std::string_view readable = bytes.substr(0, limits.max_head_bytes);
  ParseOutcome outcome = parse_lines(readable, limits, head);
  if (outcome.status == ParseStatus::fault && (tolerance.bare_lf || tolerance.header_name_space)) {
    outcome = parse_lines_again(readable, limits, tolerance, head);
  }
  if (outcome.status == ParseStatus::incomplete && full) {
    return malformed(MalformedRule::head_too_large, "head too large");
  }
  if (outcome.status != ParseStatus::complete) return outcome;
  return judge_fields(request_method, tolerance, head);
}

}  // namespace ficus::proxy::http
