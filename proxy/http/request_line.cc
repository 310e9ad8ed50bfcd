#include "proxy/http/request_line.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

#include "proxy/http/authority.h"
#include "proxy/http/field_parser.h"
#include "proxy/http/grammar.h"
#include "proxy/http/path.h"

namespace ficus::proxy::http {

namespace {

constexpr int kMaxEmptyLines = 4;

std::uint32_t offset(const char* base, const char* at) {
  return static_cast<std::uint32_t>(at - base);
}

ParseOutcome skip_empty_lines(const char*& at, const char* end) {
  for (int lines = 0; at != end && *at == '\r'; ++lines) {
    if (lines == kMaxEmptyLines) return bad_request("empty lines before the request");
    const ParseOutcome outcome = expect_crlf(at, end, {});
    if (outcome.status != ParseStatus::complete) return outcome;
  }
  return at == end ? kIncomplete : kComplete;
}

ParseOutcome scan_method(const char*& at, const char* end, RequestHead& head) {
  const char* method = at;
  while (at != end && is_a(*at, kTokenChar)) ++at;
  if (at == end) return kIncomplete;
  if (*at != ' ' || at == method) return bad_request("the method is not a token and one space");
  head.method_at = offset(head.base, method);
  head.method_size = offset(method, at);
  head.method = method_of(head.method_text());
  ++at;
  return kComplete;
}

std::string_view target_fault(char stop) {
  switch (stop) {
    case '#':
      return "fragment in the request target";
    case '\r':
    case '\n':
      return "no HTTP version in the request line";
    case '\0':
      return "NUL in the request target";
    default:
      return "control character in the request target";
  }
}

ParseOutcome scan_target(const char*& at, const char* end, const HeadLimits& limits,
                         RequestHead& head) {
  const char* target = at;
  const auto room = std::min<std::size_t>(static_cast<std::size_t>(end - at),
                                          std::size_t{limits.max_uri_bytes} + 1);
  const char* stop = target + room;
  at = find_target_end(at, stop);
  if (room > limits.max_uri_bytes && at == stop) {
    return fault(414, ErrorKind::uri_too_long, "request target too long");
  }
  if (at == end) return kIncomplete;
  if (*at != ' ') return bad_request(target_fault(*at));
  if (at == target) return bad_request("empty request target");
  head.target_at = offset(head.base, target);
  head.target_size = offset(target, at);
  ++at;
  return kComplete;
}

// Moves the target past scheme and authority, which then is the host.
ParseOutcome take_authority(RequestHead& head) {
  const std::string_view target(head.base + head.target_at, head.target_size);
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos ||
      (!equals_ignoring_case(target.substr(0, scheme), "http") &&
       !equals_ignoring_case(target.substr(0, scheme), "https"))) {
    return bad_request("the request target is neither a path nor an http URI");
  }
  const std::size_t begin = scheme + 3;
  const std::size_t end = std::min(target.find_first_of("/?", begin), target.size());
  const Authority authority = judge_authority(target.substr(begin, end - begin));
  if (!authority.detail.empty()) return bad_request(authority.detail);
  head.absolute_form = true;
  head.host_at = head.target_at + static_cast<std::uint32_t>(begin);
  head.host_size = static_cast<std::uint32_t>(end - begin);
  head.host_name_size = authority.host_name_size;
  head.target_at += static_cast<std::uint32_t>(end);
  head.target_size -= static_cast<std::uint32_t>(end);
  return kComplete;
}

// The bytes are not ours to rewrite, so this only tells whether the copy must be.
ParseOutcome judge_path(std::string_view path, RequestHead& head) {
  if (!path.starts_with('/') || !may_need_normalising(path)) return kComplete;
  if (path.find("%00") != std::string_view::npos) return bad_request("%00 in the path");
  std::string copy(path);
  const auto size = normalise_path(copy.data(), copy.size());
  if (!size) return bad_request("the path climbs above its root");
  head.path_normal = path == std::string_view(copy).substr(0, *size);
  return kComplete;
}

ParseOutcome judge_target(RequestHead& head) {
  if (head.method == Method::connect) {
    return fault(501, ErrorKind::not_supported, "CONNECT: this is not a forward proxy");
  }
  const char* target = head.base + head.target_at;
  if (*target != '/') {
    if (*target == '*' && head.target_size == 1) {
      if (head.method != Method::options) return bad_request("target * with another method");
    } else {
      const ParseOutcome outcome = take_authority(head);
      if (outcome.status != ParseStatus::complete) return outcome;
      target = head.base + head.target_at;
    }
  }
  const std::string_view text(target, head.target_size);
  head.path_size = static_cast<std::uint32_t>(std::min(text.find('?'), text.size()));
  return judge_path(text.substr(0, head.path_size), head);
}

}  // namespace

Method method_of(std::string_view text) {
  switch (text.size()) {
    case 3:
      if (text == "GET") return Method::get;
      return text == "PUT" ? Method::put : Method::other;
    case 4:
      if (text == "POST") return Method::post;
      return text == "HEAD" ? Method::head : Method::other;
    case 5:
      if (text == "PATCH") return Method::patch;
      return text == "TRACE" ? Method::trace : Method::other;
    case 6:
      return text == "DELETE" ? Method::delete_ : Method::other;
    case 7:
      if (text == "OPTIONS") return Method::options;
      return text == "CONNECT" ? Method::connect : Method::other;
    default:
      return Method::other;
  }
}

ParseOutcome parse_version(const char*& at, const char* end, std::uint8_t& minor_version) {
  constexpr std::string_view kUsual = "HTTP/1.1";
  if (end - at >= 8 && std::memcmp(at, kUsual.data(), 8) == 0) {
    minor_version = 1;
    at += 8;
    return kComplete;
  }
  constexpr std::string_view kName = "HTTP/";
  if (at == end) return kIncomplete;
  const auto available = std::min(static_cast<std::size_t>(end - at), kName.size());
  if (std::memcmp(at, kName.data(), available) != 0) return bad_request("invalid HTTP version");
  const char* p = at + available;
  if (p == end) return kIncomplete;
  const char major = *p++;
  if (!is_a(major, kDigitChar)) return bad_request("invalid HTTP version");
  if (p == end) return kIncomplete;
  if (*p++ != '.') return bad_request("invalid HTTP version");
  if (p == end) return kIncomplete;
  const char minor = *p++;
  if (!is_a(minor, kDigitChar)) return bad_request("invalid HTTP version");
  if (major == '0') return bad_request("HTTP before 1.0");
  if (major != '1') return fault(505, ErrorKind::not_supported, "HTTP version after 1.1");
  minor_version = minor == '0' ? 0 : 1;
  at = p;
  return kComplete;
}

ParseOutcome parse_request_line(std::string_view bytes, const char*& at, const HeadLimits& limits,
                                RequestHead& head) {
  const char* end = bytes.data() + bytes.size();
  ParseOutcome outcome = skip_empty_lines(at, end);
  if (outcome.status != ParseStatus::complete) return outcome;
  outcome = scan_method(at, end, head);
  if (outcome.status != ParseStatus::complete) return outcome;
  outcome = scan_target(at, end, limits, head);
  if (outcome.status != ParseStatus::complete) return outcome;
  outcome = parse_version(at, end, head.minor_version);
  if (outcome.status != ParseStatus::complete) return outcome;
  outcome = expect_crlf(at, end, "characters after the HTTP version");
  if (outcome.status != ParseStatus::complete) return outcome;
  return judge_target(head);
}

}  // namespace ficus::proxy::http
