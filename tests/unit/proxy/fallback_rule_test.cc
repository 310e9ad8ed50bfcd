#include "proxy/fallback_rule.h"

#include "tests/support/catch.h"

using ficus::config::Fallback;
using ficus::config::FallbackCause;
using ficus::config::Writes;
using ficus::proxy::ErrorKind;
using ficus::proxy::FailedTry;
using ficus::proxy::may_fall_back;
using ficus::proxy::http::Method;

namespace {

Fallback everything() {
  Fallback fallback;
  fallback.causes = {FallbackCause::connect_failure, FallbackCause::reset, FallbackCause::timeout,
                     FallbackCause::overflow};
  fallback.statuses = {502, 503, 504};
  return fallback;
}

FailedTry failed(ErrorKind kind, Method method) {
  FailedTry tried;
  tried.kind = kind;
  tried.method = method;
  tried.any_byte_sent = true;
  return tried;
}

}  // namespace

TEST_CASE("any method falls back while no byte was sent") {
  FailedTry tried = failed(ErrorKind::connect_failure, Method::post);
  tried.any_byte_sent = false;
  CHECK(may_fall_back(everything(), Writes::separate, tried));
}

TEST_CASE("a POST never falls back after a byte was sent") {
  for (const ErrorKind kind : {ErrorKind::reset, ErrorKind::first_byte_timeout}) {
    CHECK_FALSE(may_fall_back(everything(), Writes::shared, failed(kind, Method::post)));
    CHECK_FALSE(may_fall_back(everything(), Writes::shared, failed(kind, Method::patch)));
    CHECK_FALSE(may_fall_back(everything(), Writes::shared, failed(kind, Method::other)));
  }
}

TEST_CASE("GET, HEAD and OPTIONS fall back after bytes were sent, whatever the writes") {
  for (const Method method : {Method::get, Method::head, Method::options}) {
    CHECK(may_fall_back(everything(), Writes::unstated, failed(ErrorKind::reset, method)));
  }
}

TEST_CASE("PUT and DELETE fall back after bytes were sent only where writes are shared") {
  for (const Method method : {Method::put, Method::delete_}) {
    const FailedTry tried = failed(ErrorKind::reset, method);
    CHECK(may_fall_back(everything(), Writes::shared, tried));
    CHECK_FALSE(may_fall_back(everything(), Writes::separate, tried));
    CHECK_FALSE(may_fall_back(everything(), Writes::none, tried));
    CHECK_FALSE(may_fall_back(everything(), Writes::unstated, tried));
  }
}

TEST_CASE("a body that was not kept whole is not sent again") {
  FailedTry tried = failed(ErrorKind::reset, Method::get);
  tried.body_replayable = false;
  CHECK_FALSE(may_fall_back(everything(), Writes::shared, tried));
}

TEST_CASE("only the failures that `on` lists are meant") {
  Fallback timeouts;
  timeouts.causes = {FallbackCause::timeout};
  timeouts.statuses = {503};
  CHECK(may_fall_back(timeouts, Writes::none, failed(ErrorKind::idle_timeout, Method::get)));
  CHECK_FALSE(may_fall_back(timeouts, Writes::none, failed(ErrorKind::reset, Method::get)));
  CHECK_FALSE(may_fall_back(timeouts, Writes::none, failed(ErrorKind::client_abort, Method::get)));
  FailedTry status = failed(ErrorKind::status, Method::get);
  status.status = 503;
  CHECK(may_fall_back(timeouts, Writes::none, status));
  status.status = 500;
  CHECK_FALSE(may_fall_back(timeouts, Writes::none, status));
}
