#include "proxy/exchange.h"

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "proxy/fallback_rule.h"
#include "proxy/http/head_writer.h"
#include "proxy/http/local_reply.h"
#include "proxy/http/max_forwards.h"
#include "proxy/net/shortage.h"
#include "proxy/request_lookup.h"
#include "proxy/route/side_choice.h"

namespace ficus::proxy {
namespace {

// Enough for the requests that are worth sending again to another server.
constexpr std::size_t kResendLimit = 64 * 1024;
// Seconds. A backend at its limit has room again as soon as an answer ends.
constexpr std::uint32_t kRetryAfterOverflow = 1;

int status_for(const Error& error) {
  switch (error.kind) {
    case ErrorKind::connect_failure:
    case ErrorKind::tls_failure:
    case ErrorKind::reset:
    case ErrorKind::malformed_response:
      return 502;
    case ErrorKind::connect_timeout:
    case ErrorKind::first_byte_timeout:
    case ErrorKind::idle_timeout:
      return 504;
    case ErrorKind::malformed_request:
      return 400;
    case ErrorKind::body_timeout:
      return 408;
    case ErrorKind::body_too_large:
      return 413;
    case ErrorKind::exchange_timeout:
      return error.fault == Fault::downstream ? 408 : 504;
    case ErrorKind::no_route:
      return 404;
    default:
      return 503;
  }
}

Error connect_error(int error, const EndpointState& endpoint) {
  if (error == ETIMEDOUT) {
    return {ErrorKind::connect_timeout, Fault::upstream, RetrySafety::always,
            "the server did not accept the connection in time"};
  }
  if (is_local_shortage(error, endpoint.address.family())) {
    return {ErrorKind::internal, Fault::internal, RetrySafety::never,
            "the proxy has no descriptor or port left for a connection"};
  }
  return {ErrorKind::connect_failure, Fault::upstream, RetrySafety::always,
          error == ECONNREFUSED ? "the server refused the connection"
                                : "the server could not be reached"};
}

}  // namespace

void Exchange::accept(Client& client, const http::RequestHead& head) {
  client_ = &client;
  snapshot_ = context_.snapshot;
  started_ = request_sent_at_ = now();
  request_ = head;
  head_bytes_.append(client.in.view().substr(0, head.size));
  request_.rebase_and_normalise(head_bytes_.data());
  client.in.consume(head.size);
  given_id_ = http::client_request_id(request_);
  identify_client();
}

void Exchange::reset() {
  client_ = nullptr;
  route_ = nullptr;
  state_ = nullptr;
  snapshot_ = {};
  kept_.reset();
  head_bytes_.clear();
  given_id_ = {};
  request_id_.reset();
  trace_.reset();
  fallback_granted_ = fell_back_ = side_chosen_ = request_begun_ = request_sink_broken_ =
      any_byte_sent_ = side_took_bytes_ = false;
  continued_at_ = {};
  client_framing_ = http::Framing::none;
  response_begun_ = any_response_byte_ = server_keep_alive_ = tunnel_ = close_client_ = false;
  tried_.clear();
  last_endpoint_ = nullptr;
  passed_on_.clear();
  body_copy_.begin(0);
  outcome_due_ = Timer::kNever;
  status_ = 0;
  client_error_ = ErrorKind::none;
  first_try_.reset();
  connecting_ = {};
  response_head_at_ = {};
  error_detail_ = {};
  judged_failed_ = connection_authenticated_ = false;
}

SideCells& Exchange::side_cells() const { return state_->cells.sides[index(side_)]; }

Task<After> Exchange::run() {
  context_.cells.requests.add();
  context_.cells.in_flight.add();
  if (http::count_hop(request_, head_bytes_.data()) == http::Hops::used_up) {
    answer_last_hop();
    if (snapshot_->access_log) write_log_line();
    context_.cells.in_flight.subtract();
    co_return after();
  }
  if (!find_route()) {
    client_error_ = ErrorKind::no_route;
    answer({ErrorKind::no_route, Fault::downstream, RetrySafety::never,
            "no route fits this host, path and method"});
    client_->listener->cells[context_.index]
        .requests_refused[static_cast<std::size_t>(ErrorKind::no_route)]
        .add();
    if (snapshot_->access_log) write_log_line();
    context_.cells.in_flight.subtract();
    co_return after();
  }
  if (body_too_large()) {
    ensure_request_id();
    client_error_ = ErrorKind::body_too_large;
    answer(refuse_body());
    state_->cells.client_errors[static_cast<std::size_t>(ErrorKind::body_too_large)].add();
    if (snapshot_->access_log) write_log_line();
    context_.cells.in_flight.subtract();
    co_return after();
  }
  choose();
  Error error = co_await try_side();
  while (error && (fallback_granted_ || grant_fallback(error))) {
    note_first_try(error);
    begin_fallback();
    error = co_await try_side();
  }
  After result = After::abort;
  if (tunnel_ && !error) {
    result = co_await tunnel();
  } else {
    if (error) {
      client_error_ = error.kind;
      error_detail_ = error.detail;
      if (error.kind != ErrorKind::client_abort && !response_begun_) answer(error);
    }
    result = after();
  }
  finish();
  context_.cells.in_flight.subtract();
  co_return result;
}

RequestView Exchange::request_view() const {
  RequestView view = view_of(request_);
  view.worker = context_.index;
  return view;
}

bool Exchange::find_route() {
  const int found = snapshot_->matcher->match(request_view());
  if (found == RouteMatcher::kNoRoute) return false;
  route_ = &snapshot_->routes[static_cast<std::size_t>(found)];
  state_ = &route_->state->per_worker[context_.index];
  return true;
}

void Exchange::choose() {
  SideRequest request{request_view(), *client_address_, std::time(nullptr)};
  if (route_->pin) request.unix_now_ms = unix_ms_now();
  assigned_at_ = std::chrono::steady_clock::now();
  choice_ = choose_side(*route_, request, context_.index, context_.random);
  side_ = choice_.side;
  side_chosen_ = true;
  const std::uint64_t client_hash = client_address_->ip_hash();
  outcome_.begin({route_, choice_, assigned_at_, client_hash, context_.index});
  state_->fallback_budget.request(now());
  ensure_request_id();
  if (!http::TraceContext::parse(http::client_traceparent(request_))) {
    trace_ = http::TraceContext::begin(
        {context_.random.next(), context_.random.next(), context_.random.next()});
  }
}

void Exchange::ensure_request_id() {
  if (given_id_.empty()) request_id_ = random_hex(context_.random);
}

// One side, up to three of its endpoints, and once more on a fresh connection if a pooled one had
// died. The error of the last try, or none. If the backend may have no further connection, the
// request waits for one that comes free, of whichever endpoint.
Task<Error> Exchange::try_side() {
  tried_.clear();
  bool resent = false;
  for (;;) {
    const auto* endpoint =
        choose_endpoint(backend(), tried_, context_.index, context_.random.next());
    if (endpoint == nullptr) {
      co_return Error{ErrorKind::no_endpoint, Fault::upstream, RetrySafety::always,
                      "the backend has no endpoint left to try"};
    }
    last_endpoint_ = endpoint->get();
    if (!resent) {
      const auto care =
          http::is_idempotent(request_.method) ? Care::trust_the_loop : Care::look_again;
      lease_ = context_.pool.take_idle(**endpoint, care);
    }
    Error error;
    const SteadyTime began = now();
    if (!lease_ && !context_.pool.reserve(*backend().state)) {
      error = co_await wait_for_room();
      connecting_ += now() - began;
      if (lease_) {
        passed_on_.push_back(lease_->shared_endpoint());
        last_endpoint_ = passed_on_.back().get();
      }
    }
    if (!lease_ && !error) {
      const SteadyTime connect_began = now();
      error = co_await connect(*endpoint);
      connecting_ += now() - connect_began;
      if (error) judge_endpoint(error);
      if (error && error.retry == RetrySafety::always && has_another_endpoint()) {
        count_retry(RetryReason::connect_failure);
        continue;
      }
    }
    if (!error) {
      EndpointCells& cells = context_.pool.cells(*last_endpoint_);
      cells.in_flight.add();
      error = co_await converse();
      judge_endpoint(error);
      if (!tunnel_) {
        cells.in_flight.subtract();
        lease_.discard();
      }
    }
    if (!error) co_return error;
    lease_.discard();
    if (!resent && may_resend(error)) {
      resent = true;
      count_retry(RetryReason::stale_connection);
      continue;
    }
    if (may_try_another(error) && has_another_endpoint()) {
      count_retry(error.kind == ErrorKind::tls_failure ? RetryReason::connect_failure
                                                       : RetryReason::reset);
      continue;
    }
    // A status has been judged by its head.
    if (error.kind != ErrorKind::status) record_failure(error);
    co_return error;
  }
}

Task<Error> Exchange::connect(const std::shared_ptr<EndpointState>& endpoint) {
  int failed = 0;
  lease_ = context_.pool.connect(endpoint, failed);
  const SteadyTime limit = std::min(now() + backend().timeouts.connect, exchange_limit());
  if (!lease_ && passes(failed)) failed = co_await connect_again(endpoint, limit, failed);
  if (failed == ETIMEDOUT && now() >= exchange_limit()) co_return exchange_too_long();
  if (failed == ECANCELED) {
    co_return Error{ErrorKind::client_abort, Fault::downstream, RetrySafety::never, {}};
  }
  if (!lease_) {
    // Its descriptor may be what the next one lacks.
    if (lacks_descriptor(failed)) close_client_ = true;
    co_return connect_error(failed, *endpoint);
  }
  lease_->socket.set_listener(&client_->waiter);
  while (!lease_->socket.writable()) {
    client_->in.keep();
    const bool expired = co_await client_->waiter.until(limit);
    if (client_->socket.broken()) {
      lease_.discard();
      co_return Error{ErrorKind::client_abort, Fault::downstream, RetrySafety::never, {}};
    }
    if (expired && !lease_->socket.writable()) {
      lease_.discard();
      if (now() >= exchange_limit()) co_return exchange_too_long();
      co_return Error{ErrorKind::connect_timeout, Fault::upstream, RetrySafety::always,
                      "the server did not accept the connection in time"};
    }
  }
  failed = lease_->socket.connect_error();
  if (failed == 0) {
    if (endpoint->tls_name.empty()) co_return Error{};
    co_return co_await secure(*endpoint, limit);
  }
  lease_.discard();
  co_return connect_error(failed, *endpoint);
}

// How much of the request's body is kept for another try.
std::size_t Exchange::copy_limit() const {
  if (request_.framing == http::Framing::none) return 0;
  if (side_ == Side::fresh && route_->fallback) return route_->fallback->max_body;
  return http::is_idempotent(request_.method) ? kResendLimit : 0;
}

// May the request go to the same endpoint again, because a pooled connection died before it
// answered (RFC 9110 §9.2.2)?
bool Exchange::may_resend(const Error& error) const {
  if (error.retry != RetrySafety::on_reused_connection) return false;
  // What was taken from the client and never sent is gone if it was not kept.
  if (!body_copy_.complete()) return false;
  return !any_byte_sent_ || http::is_idempotent(request_.method);
}

// Decides, and charges the budget.
bool Exchange::grant_fallback(const Error& error) {
  if (side_ != Side::fresh || fell_back_ || response_begun_ || !route_->fallback ||
      route_->legacy == nullptr || !route_->legacy->usable()) {
    return false;
  }
  const FailedTry tried{error.kind, status_, request_.method, any_byte_sent_ || side_took_bytes_,
                        body_copy_.complete()};
  if (!may_fall_back(*route_->fallback, route_->writes, tried)) return false;
  // What was in flight when the side was taken off must not be lost to a budget.
  const auto tripped = route_->state->lane->tripped_at();
  const bool in_flight_at_trip = tripped && assigned_at_ <= *tripped;
  if (!in_flight_at_trip &&
      !state_->fallback_budget.take(now(), route_->fallback->budget_percent, context_.workers)) {
    state_->cells.fallbacks[static_cast<std::size_t>(FallbackOutcome::over_budget)].add();
    return false;
  }
  fallback_granted_ = true;
  return true;
}

void Exchange::begin_fallback() {
  fallback_granted_ = false;
  fell_back_ = true;
  side_ = Side::legacy;
  status_ = 0;
  any_byte_sent_ = side_took_bytes_ = false;
}

void Exchange::answer(const Error& error) {
  status_ = status_for(error);
  error_detail_ = error.detail;
  const bool body_unread =
      request_.framing != http::Framing::none && !(request_begun_ && request_pipe_.source_done());
  close_client_ = close_client_ || body_unread || !request_.keep_alive || context_.draining;
  http::LocalReply reply;
  reply.status = status_;
  reply.detail = error.detail;
  if (error.kind == ErrorKind::overflow) reply.retry_after_seconds = kRetryAfterOverflow;
  reply.request_id = request_id();
  reply.request_method = request_.method;
  reply.client_minor_version = request_.minor_version;
  reply.close = close_client_;
  reply.date = std::time(nullptr);
  context_.head.clear();
  http::write_local_reply(reply, http::reply_format(request_.value(http::HeaderId::accept)),
                          context_.head);
  const iovec part{context_.head.data(), context_.head.size()};
  client_->out.send(client_->socket, &part, 1);
}

// The client asked what this hop is (RFC 9110 §7.6.2). A trace is not sent back: its fields may be
// secrets that a script in a browser must not read.
void Exchange::answer_last_hop() {
  const bool options = request_.method == http::Method::options;
  close_client_ =
      request_.framing != http::Framing::none || !request_.keep_alive || context_.draining;
  http::LocalReply reply;
  reply.status = status_ = options ? 200 : 501;
  reply.detail = "Max-Forwards ended at this proxy, which answers no TRACE";
  reply.client_minor_version = request_.minor_version;
  reply.close = close_client_;
  reply.date = std::time(nullptr);
  context_.head.clear();
  http::write_local_reply(
      reply, options ? http::ReplyFormat::empty : http::ReplyFormat::problem_json, context_.head);
  const iovec part{context_.head.data(), context_.head.size()};
  client_->out.send(client_->socket, &part, 1);
}

After Exchange::after() const {
  if (client_->socket.broken() || client_error_ == ErrorKind::client_abort) return After::abort;
  const bool request_done =
      request_.framing == http::Framing::none || (request_begun_ && request_pipe_.source_done());
  if (response_begun_ && !response_pipe_.handed_over()) {
    // Cut: only framing can tell the client so, or a reset where there is none (RFC 9112 §8).
    return client_framing_ == http::Framing::until_close ? After::abort : After::close;
  }
  if (!request_done) return After::linger;
  if (close_client_ || client_framing_ == http::Framing::until_close) return After::close;
  return After::keep_alive;
}

// The conversation is over: the connection serves again if nothing is left on it.
void Exchange::release() {
  const bool stray = !lease_->in.empty();
  if (stray) count_malformed(http::MalformedRule::stray_bytes);
  if (server_keep_alive_ && request_pipe_.handed_over() && lease_->out.empty() &&
      !request_sink_broken_ && !stray && !connection_authenticated_) {
    lease_.give_back(backend().timeouts.pool_idle);
  } else {
    lease_.discard();
  }
}

// From here on only what is told at the end is needed: route_ and backend() are not.
void Exchange::let_go_of_snapshot() {
  if (first_try_) return;  // the log will name its endpoint
  passed_on_.push_back(lease_->shared_endpoint());
  kept_ = Kept{route_->state, backend().name};
  route_ = nullptr;
  snapshot_ = {};
}

Task<After> Exchange::tunnel() {
  SideCells& cells = side_cells();
  const auto idle = backend().timeouts.tunnel_idle;
  let_go_of_snapshot();
  bool to_server_ended = false;
  bool to_client_ended = false;
  bool broken = false;
  for (;;) {
    const PipeState up = request_pipe_.pump(now());
    const PipeState down = response_pipe_.pump(now());
    if (up == PipeState::done && !to_server_ended) {
      to_server_ended = true;
      lease_->socket.end_sending();
    }
    if (down == PipeState::done && !to_client_ended) {
      to_client_ended = true;
      client_->socket.end_sending();
    }
    broken = up == PipeState::source_failed || up == PipeState::sink_failed ||
             down == PipeState::source_failed || down == PipeState::sink_failed;
    if (broken || (to_server_ended && to_client_ended)) break;
    if (up == PipeState::yielded || down == PipeState::yielded) client_->waiter.yield();
    client_->in.keep();
    lease_->in.keep();
    const SteadyTime last =
        std::max({request_pipe_.last_read(), request_pipe_.last_write(), response_pipe_.last_read(),
                  response_pipe_.last_write(), started_});
    if (now() >= last + idle) {
      client_error_ = ErrorKind::tunnel_timeout;
      error_detail_ = "nothing passed through the tunnel for too long";
      break;
    }
    co_await client_->waiter.until(last + idle);
  }
  cells.bytes_to_side.add(request_pipe_.payload_bytes());
  cells.bytes_from_side.add(response_pipe_.payload_bytes());
  context_.pool.cells(lease_->endpoint()).in_flight.subtract();
  // What one side broke off must not look like an end to the other.
  const After result = broken ? After::abort : After::close;
  if (broken) lease_->socket.abort();
  lease_.discard();
  co_return result;
}

// A failure that was passed on is one that the user saw.
ErrorKind Exchange::seen_by_client() const {
  return client_error_ == ErrorKind::none && judged_failed_ ? ErrorKind::status : client_error_;
}

void Exchange::finish() {
  outcome_.nobody();
  SideCells& cells = side_cells();
  if (status_ != 0) cells.requests.add(status_);
  cells.duration.record(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(now() - started_).count()));
  if (!tunnel_) {
    cells.bytes_to_side.add(request_begun_ ? request_pipe_.payload_bytes() : 0);
    cells.bytes_from_side.add(response_begun_ ? response_pipe_.payload_bytes() : 0);
  }
  const ErrorKind seen = seen_by_client();
  if (seen != ErrorKind::none) state_->cells.client_errors[static_cast<std::size_t>(seen)].add();
  if (fell_back_) {
    const auto result = seen == ErrorKind::none ? FallbackOutcome::served : FallbackOutcome::failed;
    state_->cells.fallbacks[static_cast<std::size_t>(result)].add();
  }
  if (side_ == Side::legacy) {
    state_->cells.legacy_last_request_seconds.set(static_cast<std::uint64_t>(std::time(nullptr)));
  }
  // The log of now, where the snapshot was let go of.
  if (kept_) snapshot_ = context_.snapshot;
  if (snapshot_ && snapshot_->access_log) write_log_line();
  // A route, and what it counts, must not be touched after this: the snapshot may go.
}

}  // namespace ficus::proxy
