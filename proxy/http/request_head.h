#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/http/head_fields.h"

namespace ficus::proxy::http {

enum class Method : std::uint8_t {
  get,
  head,
  post,
  put,
  delete_,
  options,
  trace,
  patch,
  connect,
  other,
};

// RFC 9110 §9.2.1 and §9.2.2. Unknown methods are neither.
bool is_safe(Method method);
bool is_idempotent(Method method);

// How the end of a message's body is known. Requests are never `until_close`.
enum class Framing : std::uint8_t { none, length, chunked, until_close };

// A request head, judged: what parse_request_head() accepted. It views the bytes it was parsed from
// and is valid as long as they are; after they were copied elsewhere, call rebase(). Plain data,
// may be copied; one object may be parsed into again and again.
struct RequestHead {
  const char* base = nullptr;  // what all offsets count from
  std::uint32_t size = 0;      // bytes of the head with its blank line (and CRLFs before it)

  Method method = Method::other;
  std::uint8_t minor_version = 1;    // 0 or 1; later ones are treated as 1
  Framing framing = Framing::none;   // none: there is no body ("Content-Length: 0" included)
  std::uint64_t content_length = 0;  // of Framing::length
  bool keep_alive = false;           // the client wants another exchange on this connection
  bool expect_continue = false;      // waits for a 100 before its body; never without a body
  bool upgrade = false;              // wants to change the protocol, and may (see README.md)
  bool accepts_trailers = false;     // "TE: trailers"

  FieldList fields;

  std::string_view method_text() const { return {base + method_at, method_size}; }
  // The target in the form in which it is sent on: origin-form, or "*". An absolute-form without a
  // path gives "/" or, if it has a query, starts with '?' (the writer puts the '/' before it).
  std::string_view target() const;
  std::string_view path() const;   // without the query; "/" if an absolute-form had none; or "*"
  std::string_view query() const;  // without its '?'
  // The authority in effect as the client wrote it: an absolute-form's wins over Host. Empty only
  // for HTTP/1.0 without Host.
  std::string_view host() const { return {base + host_at, host_size}; }
  std::string_view host_name() const { return {base + host_at, host_name_size}; }  // without port
  std::string_view upgrade_protocol() const { return upgrade ? value(HeaderId::upgrade) : ""; }

  std::string_view name(const Field& field) const {
    return {base + field.name_at, field.name_size};
  }
  std::string_view value(const Field& field) const {
    return {base + field.value_at, field.value_size};
  }
  // The first field of that kind or name, dropped ones included; empty if there is none.
  std::string_view value(HeaderId id) const;
  const Field* find(std::string_view field_name) const;

  void rebase(const char* bytes) { base = bytes; }

  // Rebases to a copy of the head that may be rewritten, and brings the path in it into its normal
  // form (path.h), which routes and backends get to see. Not undone by another rebase().
  void rebase_and_normalise(char* bytes);

  // Offsets; readers use the functions above.
  std::uint32_t method_at = 0;
  std::uint32_t method_size = 0;
  std::uint32_t target_at = 0;  // of what follows an absolute-form's authority
  std::uint32_t target_size = 0;
  std::uint32_t path_size = 0;
  std::uint32_t host_at = 0;
  std::uint32_t host_size = 0;
  std::uint32_t host_name_size = 0;
  bool absolute_form = false;
  bool path_normal = true;  // the path is in its normal form
};

// Reads one request head from the front of `bytes`; `incomplete` asks for the same bytes and more
// (parsing starts over: nothing is kept between calls). A fault is final: more bytes never mend it,
// and the connection must not be read further as HTTP (RFC 9112 §9.3). `head` is meaningful only
// after `complete`, apart from method and minor_version, which are set as soon as they are known.
ParseOutcome parse_request_head(std::string_view bytes, const HeadLimits& limits,
                                RequestHead& head);

}  // namespace ficus::proxy::http
