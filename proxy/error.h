#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ficus::proxy {

// Everything that can go wrong with an exchange. The words are the `kind` label of metrics.
enum class ErrorKind : std::uint8_t {
  none,
  // upstream
  connect_failure,
  connect_timeout,
  tls_failure,
  no_endpoint,
  reset,  // the connection ended before a complete answer
  first_byte_timeout,
  idle_timeout,
  malformed_response,
  status,  // a status that guard.failures counts
  overflow,
  // downstream
  malformed_request,
  head_too_large,
  uri_too_long,
  body_too_large,
  request_timeout,
  body_timeout,
  exchange_timeout,
  write_timeout,
  tunnel_timeout,
  client_abort,
  gave_up,  // left before a head, after waiting long
  no_route,
  not_supported,
  // own
  draining,
  internal,
};

inline constexpr std::size_t kErrorKinds = static_cast<std::size_t>(ErrorKind::internal) + 1;

constexpr std::string_view text(ErrorKind kind) {
  constexpr std::array<std::string_view, kErrorKinds> kText{"none",
                                                            "connect_failure",
                                                            "connect_timeout",
                                                            "tls_failure",
                                                            "no_endpoint",
                                                            "reset",
                                                            "first_byte_timeout",
                                                            "idle_timeout",
                                                            "malformed_response",
                                                            "status",
                                                            "overflow",
                                                            "malformed_request",
                                                            "head_too_large",
                                                            "uri_too_long",
                                                            "body_too_large",
                                                            "request_timeout",
                                                            "body_timeout",
                                                            "exchange_timeout",
                                                            "write_timeout",
                                                            "tunnel_timeout",
                                                            "client_abort",
                                                            "gave_up",
                                                            "no_route",
                                                            "not_supported",
                                                            "draining",
                                                            "internal"};
  return kText[static_cast<std::size_t>(kind)];
}

enum class Fault : std::uint8_t { downstream, upstream, internal };

// May the request be sent again after this error?
enum class RetrySafety : std::uint8_t {
  never,
  always,                // no byte was sent
  on_reused_connection,  // a pooled connection died before an answer; only what may be repeated
};

struct Error {
  ErrorKind kind = ErrorKind::none;
  Fault fault = Fault::internal;
  RetrySafety retry = RetrySafety::never;
  std::string_view detail{};  // static storage

  explicit operator bool() const { return kind != ErrorKind::none; }
};

}  // namespace ficus::proxy
