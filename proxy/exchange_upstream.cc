// The part of an exchange that finds a server: room under the backend's limit, other endpoints, and
// what outlier detection learns.
#include <algorithm>
#include <cerrno>

#include "proxy/exchange.h"
#include "proxy/net/shortage.h"

namespace ficus::proxy {
namespace {

constexpr std::chrono::milliseconds kBacklogPause{50};
constexpr std::chrono::milliseconds kDescriptorPause{5};

Error overflow(std::string_view detail) {
  return {ErrorKind::overflow, Fault::upstream, RetrySafety::always, detail};
}

// What Envoy counts: no connection, a reset, a timeout, an answer of 5xx or one that is none.
bool speaks_against_endpoint(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::connect_failure:
    case ErrorKind::connect_timeout:
    case ErrorKind::tls_failure:
    case ErrorKind::reset:
    case ErrorKind::first_byte_timeout:
    case ErrorKind::idle_timeout:
    case ErrorKind::malformed_response:
    case ErrorKind::status:
      return true;
    default:
      return false;
  }
}

}  // namespace

// The backend has as many connections as it may have. Leaves a connection in `lease_`, or the right
// to open one.
Task<Error> Exchange::wait_for_room() {
  const auto care = http::is_idempotent(request_.method) ? Care::trust_the_loop : Care::look_again;
  const bool any_healthy = backend().usable();
  for (const Endpoint& endpoint : backend().endpoints) {
    if (tried_.contains(*endpoint.state) || (any_healthy && !endpoint.healthy) ||
        endpoint.state->standing.ejected()) {
      continue;
    }
    lease_ = context_.pool.take_idle(*endpoint.state, care);
    if (lease_) co_return Error{};
  }
  if (context_.pool.drop_one_idle(*backend().state) && context_.pool.reserve(*backend().state)) {
    co_return Error{};
  }
  constexpr std::string_view kTooMany = "too many requests wait for the backend";
  if (!context_.pool.wait(pending_, backend().state, client_->waiter)) {
    co_return overflow(kTooMany);
  }
  const SteadyTime limit = std::min(now() + backend().timeouts.connect, exchange_limit());
  while (!pending_.granted()) {
    client_->in.keep();
    const bool expired = co_await client_->waiter.until(limit);
    if (client_->socket.broken()) {
      pending_.leave();
      co_return Error{ErrorKind::client_abort, Fault::downstream, RetrySafety::never, {}};
    }
    if (pending_.refused()) co_return overflow(kTooMany);
    if (expired && !pending_.granted()) {
      pending_.leave();
      if (now() >= exchange_limit()) co_return exchange_too_long();
      context_.pool.count_overflow(*backend().state);
      co_return overflow("no connection to the backend came free in time");
    }
  }
  lease_ = pending_.take(care);
  co_return Error{};
}

// Is it worth a wait? A Unix socket says so if its queue is full, and tells nobody when it is not
// any more. A descriptor that an idle connection of another worker holds comes free soon.
bool Exchange::passes(int error) {
  return error == EAGAIN || (lacks_descriptor(error) && context_.pool.drop_any_idle_elsewhere());
}

// Until what `failed` lacked is there. 0, with a lease, or what failed; ETIMEDOUT after `limit`,
// ECANCELED if the client left.
Task<int> Exchange::connect_again(const std::shared_ptr<EndpointState>& endpoint, SteadyTime limit,
                                  int failed) {
  for (;;) {
    const auto pause = lacks_descriptor(failed) ? kDescriptorPause : kBacklogPause;
    client_->in.keep();
    co_await client_->waiter.until(std::min(limit, now() + pause));
    if (client_->socket.broken()) co_return ECANCELED;
    // Without a descriptor nothing is said about the server.
    if (now() >= limit) co_return lacks_descriptor(failed) ? failed : ETIMEDOUT;
    if (!context_.pool.reserve(*endpoint->backend)) continue;
    failed = 0;
    lease_ = context_.pool.connect(endpoint, failed);
    if (lease_ || !passes(failed)) co_return failed;
  }
}

// A server that ended a connection before it answered may be down; what may be repeated goes to
// another one (RFC 9110 §9.2.2), and so does what a server refused before it took any of it in.
bool Exchange::may_try_another(const Error& error) const {
  const bool ended = error.kind == ErrorKind::reset || error.kind == ErrorKind::tls_failure;
  if (!ended || response_begun_ || tried_.full() || !body_copy_.complete()) return false;
  return !any_byte_sent_ || http::is_idempotent(request_.method);
}

// Not counting the one that was tried last.
bool Exchange::has_another_endpoint() {
  tried_.add(*last_endpoint_);
  return !tried_.full() && choose_endpoint(backend(), tried_, context_.index, 0) != nullptr;
}

void Exchange::count_retry(RetryReason reason) {
  context_.pool.cells(*last_endpoint_).retries[static_cast<std::size_t>(reason)].add();
}

void Exchange::judge_endpoint(const Error& error) {
  const std::uint32_t limit = backend().failure_limit();
  if (limit == 0) return;
  EndpointStanding& standing = last_endpoint_->standing;
  if (!error) {
    if (status_ >= 500) {
      standing.failure();
    } else {
      standing.success(limit);
    }
    return;
  }
  // A pooled connection that the server closed meanwhile says nothing.
  if (error.retry == RetrySafety::on_reused_connection) return;
  if (speaks_against_endpoint(error.kind)) standing.failure();
}

}  // namespace ficus::proxy
