#include "proxy/http/request_head.h"

#include <cstddef>
#include <cstring>

#include "proxy/http/authority.h"
#include "proxy/http/connection_options.h"
#include "proxy/http/field_parser.h"
#include "proxy/http/framing_fields.h"
#include "proxy/http/grammar.h"
#include "proxy/http/head_lookup.h"
#include "proxy/http/path.h"
#include "proxy/http/request_line.h"

namespace ficus::proxy::http {

namespace {

ParseOutcome judge_host(RequestHead& head) {
  const Field* host = nullptr;
  for (const Field& field : head.fields) {
    if (field.id != HeaderId::host) continue;
    if (host != nullptr) return bad_request("more than one Host");
    host = &field;
  }
  if (host == nullptr) {
    return head.minor_version == 0 ? kComplete : bad_request("no Host in HTTP/1.1");
  }
  const Authority authority = judge_authority(head.value(*host));
  if (!authority.detail.empty()) return bad_request(authority.detail);
  if (!head.absolute_form) {
    head.host_at = host->value_at;
    head.host_size = host->value_size;
    head.host_name_size = authority.host_name_size;
  }
  return kComplete;
}

ParseOutcome judge_framing(RequestHead& head) {
  const FramingFields framing = judge_framing_fields(head.base, head.minor_version, head.fields);
  if (!framing.detail.empty()) {
    if (framing.unknown_coding) return fault(501, ErrorKind::not_supported, framing.detail);
    return bad_request(framing.detail);
  }
  if (framing.chunked) {
    head.framing = Framing::chunked;
  } else if (framing.content_length.value_or(0) > 0) {
    head.framing = Framing::length;
    head.content_length = *framing.content_length;
  }
  return kComplete;
}

// Expect counts in HTTP/1.1 only, and only where a body waits for the answer (RFC 9110 §10.1.1).
ParseOutcome judge_expect(RequestHead& head) {
  const bool counts = head.minor_version >= 1;
  for (Field& field : head.fields) {
    if (field.id != HeaderId::expect) continue;
    if (counts && !equals_ignoring_case(head.value(field), "100-continue")) {
      return fault(417, ErrorKind::malformed_request, "unknown expectation");
    }
    head.expect_continue = counts && head.framing != Framing::none;
    field.dropped = !head.expect_continue;
  }
  return kComplete;
}

// Protocols that would carry further requests past this proxy's judgement are not offered on.
bool may_be_offered(std::string_view protocols) {
  ListMembers members(protocols);
  std::string_view member;
  while (members.next(member)) {
    const std::size_t slash = member.find('/');
    const std::string_view name = member.substr(0, slash);
    if (!is_token(name)) return false;
    if (slash != std::string_view::npos && !is_token(member.substr(slash + 1))) return false;
    if (equals_ignoring_case(name, "h2c") || equals_ignoring_case(name, "h2") ||
        equals_ignoring_case(name, "http") || equals_ignoring_case(name, "tls")) {
      return false;
    }
  }
  return true;
}

// Ignoring Upgrade is always allowed (RFC 9110 §7.8), so what is doubtful goes on without it.
void judge_upgrade(const ConnectionOptions& options, RequestHead& head) {
  if (!options.upgrade || head.minor_version == 0 || head.framing != Framing::none) return;
  Field* upgrade = nullptr;
  for (Field& field : head.fields) {
    if (field.id != HeaderId::upgrade) continue;
    if (upgrade != nullptr) return;
    upgrade = &field;
  }
  if (upgrade == nullptr || !may_be_offered(head.value(*upgrade))) return;
  upgrade->dropped = false;
  head.upgrade = true;
}

void judge_te_and_trailer(RequestHead& head) {
  for (Field& field : head.fields) {
    if (field.id == HeaderId::trailer && head.framing != Framing::chunked) field.dropped = true;
    if (field.id != HeaderId::te || head.minor_version == 0) continue;
    ListMembers members(head.value(field));
    std::string_view member;
    while (members.next(member)) {
      if (equals_ignoring_case(member, "trailers")) head.accepts_trailers = true;
    }
  }
}

ParseOutcome judge_fields(RequestHead& head) {
  ParseOutcome outcome = judge_host(head);
  if (outcome.status != ParseStatus::complete) return outcome;
  outcome = judge_framing(head);
  if (outcome.status != ParseStatus::complete) return outcome;
  const ConnectionOptions options = apply_connection_options(head.base, head.fields);
  if (!options.detail.empty()) return bad_request(options.detail);
  head.keep_alive = persists(options, head.minor_version);
  if (head.fields.has(HeaderId::upgrade)) judge_upgrade(options, head);
  if (head.fields.has(HeaderId::te) || head.fields.has(HeaderId::trailer)) {
    judge_te_and_trailer(head);
  }
  if (head.fields.has(HeaderId::x_ficus)) {
    for (Field& field : head.fields) {
      if (field.id == HeaderId::x_ficus) field.dropped = true;
    }
  }
  return head.fields.has(HeaderId::expect) ? judge_expect(head) : kComplete;
}

void reset(const char* base, RequestHead& head) {
  head.base = base;
  head.size = 0;
  head.method = Method::other;
  head.minor_version = 1;
  head.framing = Framing::none;
  head.content_length = 0;
  head.keep_alive = false;
  head.expect_continue = false;
  head.upgrade = false;
  head.accepts_trailers = false;
  head.fields.clear();
  head.method_at = head.method_size = 0;
  head.target_at = head.target_size = head.path_size = 0;
  head.host_at = head.host_size = head.host_name_size = 0;
  head.absolute_form = false;
  head.path_normal = true;
}

}  // namespace

bool is_safe(Method method) {
  return method == Method::get || method == Method::head || method == Method::options ||
         method == Method::trace;
}

bool is_idempotent(Method method) {
  return is_safe(method) || method == Method::put || method == Method::delete_;
}

std::string_view RequestHead::target() const {
  if (target_size == 0) return method == Method::options ? "*" : "/";
  return {base + target_at, target_size};
}

std::string_view RequestHead::path() const {
  if (path_size == 0) return target_size == 0 && method == Method::options ? "*" : "/";
  return {base + target_at, path_size};
}

std::string_view RequestHead::query() const {
  if (path_size == target_size) return {};
  return {base + target_at + path_size + 1, target_size - path_size - 1};
}

std::string_view RequestHead::value(HeaderId id) const { return first_value(base, fields, id); }

const Field* RequestHead::find(std::string_view field_name) const {
  return find_field(base, fields, field_name);
}

void RequestHead::rebase_and_normalise(char* bytes) {
  rebase(bytes);
  if (path_normal) return;
  char* target_bytes = bytes + target_at;
  // It was judged when it was parsed: there is a normal form.
  const std::size_t normal = normalise_path(target_bytes, path_size).value_or(path_size);
  std::memmove(target_bytes + normal, target_bytes + path_size, target_size - path_size);
  target_size -= path_size - static_cast<std::uint32_t>(normal);
  path_size = static_cast<std::uint32_t>(normal);
  path_normal = true;
}

ParseOutcome parse_request_head(std::string_view bytes, const HeadLimits& limits,
                                RequestHead& head) {
  reset(bytes.data(), head);
  const bool full = bytes.size() >= limits.max_head_bytes;
  const std::string_view readable = bytes.substr(0, limits.max_head_bytes);
  const char* at = readable.data();
  ParseOutcome outcome = parse_request_line(readable, at, limits, head);
  if (outcome.status == ParseStatus::incomplete && full) {
    return fault(414, ErrorKind::uri_too_long, "request line too long");
  }
  if (outcome.status != ParseStatus::complete) return outcome;
  outcome = parse_field_lines(readable, at, limits, head.fields);
  if (outcome.status == ParseStatus::incomplete && full) {
    return fault(431, ErrorKind::head_too_large, "head too large");
  }
  if (outcome.status != ParseStatus::complete) return outcome;
  head.size = static_cast<std::uint32_t>(at - readable.data());
  return judge_fields(head);
}

}  // namespace ficus::proxy::http
