#include "proxy/fallback_rule.h"

#include <algorithm>
#include <optional>

namespace ficus::proxy {
namespace {

using config::FallbackCause;

std::optional<FallbackCause> cause_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::connect_failure:
    case ErrorKind::connect_timeout:
    case ErrorKind::tls_failure:
    case ErrorKind::no_endpoint:
      return FallbackCause::connect_failure;
    case ErrorKind::reset:
    case ErrorKind::malformed_response:
      return FallbackCause::reset;
    case ErrorKind::first_byte_timeout:
    case ErrorKind::idle_timeout:
      return FallbackCause::timeout;
    case ErrorKind::overflow:
      return FallbackCause::overflow;
    default:
      return std::nullopt;
  }
}

bool is_meant(const config::Fallback& fallback, const FailedTry& tried) {
  if (tried.kind == ErrorKind::status) {
    return std::ranges::find(fallback.statuses, tried.status) != fallback.statuses.end();
  }
  const auto cause = cause_of(tried.kind);
  return cause && std::ranges::find(fallback.causes, *cause) != fallback.causes.end();
}

}  // namespace

bool may_fall_back(const config::Fallback& fallback, config::Writes writes,
                   const FailedTry& tried) {
  if (!is_meant(fallback, tried) || !tried.body_replayable) return false;
  if (!tried.any_byte_sent) return true;
  switch (tried.method) {
    case http::Method::get:
    case http::Method::head:
    case http::Method::options:
      return true;
    case http::Method::put:
    case http::Method::delete_:
      return writes == config::Writes::shared;
    default:
      return false;
  }
}

}  // namespace ficus::proxy
