// The part of an exchange that talks with one server: request out, response back.
#include <algorithm>

#include "proxy/client_identity.h"
#include "proxy/exchange.h"
#include "proxy/http/head_writer.h"
#include "proxy/http/upgrade_offer.h"
#include "proxy/request_lookup.h"
#include "proxy/route/pin.h"
#include "proxy/route/sticky_key.h"
#include "proxy/tolerated.h"

namespace ficus::proxy {
namespace {

// An answer that takes longer is judged before its end (GUARD §1).
constexpr std::chrono::seconds kJudgedAfterHead{5};
// Interim responses of one exchange. Enough for hours of 102; a bound for what is kept for a client
// that takes none of them.
constexpr std::size_t kMaxInterimBytes = 256 * 1024;

Error client_left() { return {ErrorKind::client_abort, Fault::downstream, RetrySafety::never, {}}; }

Error malformed(std::string_view rule) {
  return {ErrorKind::malformed_response, Fault::upstream, RetrySafety::never, rule};
}

bool counts_as_failure(const config::GuardFailures& failures, const http::ResponseHead& head) {
  for (const config::StatusRange& range : failures.statuses) {
    if (head.status >= range.first && head.status <= range.last) return true;
  }
  if (!failures.header) return false;
  return holds(*failures.header, lookup_of(head));
}

bool names_connection_scheme(std::string_view credentials) {
  for (const std::string_view scheme : {"NTLM", "Negotiate"}) {
    const std::string_view begin = credentials.substr(0, scheme.size());
    if (http::equals_ignoring_case(begin, scheme)) return true;
  }
  return false;
}

// NTLM and Negotiate, against RFC 9110 §11.1, authenticate the connection and not the request: who
// came next on it would be taken for the one before.
bool authenticates_connection(const http::RequestHead& request, const http::ResponseHead& head) {
  if (request.fields.has(http::HeaderId::authorization) &&
      names_connection_scheme(request.value(http::HeaderId::authorization))) {
    return true;
  }
  if (head.status != 401) return false;
  for (const http::Field& field : head.fields) {
    if (http::equals_ignoring_case(head.name(field), "WWW-Authenticate") &&
        names_connection_scheme(head.value(field))) {
      return true;
    }
  }
  return false;
}

bool is_event_stream(std::string_view content_type) {
  constexpr std::string_view kType = "text/event-stream";
  return http::equals_ignoring_case(content_type.substr(0, kType.size()), kType);
}

http::Framing framing_towards(const http::RequestHead& request, http::Framing server) {
  const bool streams = server == http::Framing::chunked || server == http::Framing::until_close;
  if (!streams) return server;
  return request.minor_version == 0 ? http::Framing::until_close : http::Framing::chunked;
}

}  // namespace

Task<Error> Exchange::converse() {
  Error error;
  PipeState request_state = send_request();
  for (;;) {
    if (on_request(request_state, error) == Progress::failed) co_return error;
    const Progress progress = read_response(error);
    if (progress == Progress::failed) co_return error;
    if (progress == Progress::finished) {
      if (!tunnel_) release();
      co_return Error{};
    }
    if (client_->socket.broken()) co_return client_left();
    client_->in.keep();
    lease_->in.keep();
    const bool expired = co_await client_->waiter.until(deadline());
    if (expired) {
      error = on_deadline();
      if (error) co_return error;
    }
    request_state = request_sink_broken_ ? PipeState::sink_failed : request_pipe_.pump(now());
  }
}

PipeState Exchange::send_request() {
  UpstreamConnection& up = *lease_;
  up.socket.set_listener(&client_->waiter);
  side_took_bytes_ = side_took_bytes_ || any_byte_sent_;
  request_sink_broken_ = any_byte_sent_ = any_response_byte_ = false;
  interim_bytes_ = 0;
  request_sent_at_ = now();

  http::UpstreamHeadContext added;
  added.client_ip = client_->ip;
  if (client_->socket.tls() != nullptr) added.scheme = "https";
  added.x_forwarded = x_forwarded_;
  added.forwarded = forwarded_;
  if (request_id_) added.request_id = request_id_->text();
  if (trace_) {
    added.traceparent = trace_->traceparent();
    added.keep_tracestate = false;
  }
  added.default_host = up.endpoint().default_host();
  added.rewrite = route_->rewrite(side_);
  context_.head.clear();
  http::write_upstream_head(request_, added, context_.head);

  if (request_begun_) {
    request_pipe_.redirect(up.socket, up.out, now());
  } else {
    request_pipe_.begin({&client_->socket, &client_->in, &up.socket, &up.out}, request_.framing,
                        request_.content_length, request_.framing, now());
    request_pipe_.set_payload_limit(snapshot_->limits.max_body_bytes);
    body_copy_.begin(copy_limit());
    if (request_.framing != http::Framing::none) request_pipe_.set_body_sink(&body_copy_);
    request_begun_ = true;
    return request_pipe_.pump(now(), context_.head.view());
  }
  // The sink sees what comes from the client only, so the replayed part is not kept twice.
  return request_pipe_.pump(now(), context_.head.view(), body_copy_.kept());
}

Exchange::Progress Exchange::on_request(PipeState state, Error& error) {
  any_byte_sent_ = any_byte_sent_ || request_pipe_.anything_sent();
  switch (state) {
    case PipeState::starved:
    case PipeState::blocked:
      return Progress::waiting;
    case PipeState::yielded:
      client_->waiter.yield();
      return Progress::waiting;
    case PipeState::done:
      if (!response_begun_)
        request_sent_at_ = std::max(request_sent_at_, request_pipe_.last_write());
      return Progress::finished;
    case PipeState::sink_failed:
      // The server may have answered before it closed: its answer is read first.
      request_sink_broken_ = true;
      return Progress::waiting;
    case PipeState::cut:
    case PipeState::source_failed:
      error = client_left();
      return Progress::failed;
    case PipeState::malformed:
      error = {ErrorKind::malformed_request, Fault::downstream, RetrySafety::never,
               request_pipe_.fault()};
      return Progress::failed;
    case PipeState::too_large:
      error = refuse_body();
      return Progress::failed;
  }
  return Progress::waiting;
}

Exchange::Progress Exchange::read_response(Error& error) {
  if (response_begun_) return on_response(response_pipe_.pump(now()), error);
  return read_head(error);
}

Exchange::Progress Exchange::read_head(Error& error) {
  UpstreamConnection& up = *lease_;
  // What a short send left of an interim response.
  if (!client_->out.empty()) client_->out.flush(client_->socket);
  bool more = up.in.empty() || up.socket.readable();
  for (;;) {
    if (more) {
      if (!up.socket.readable()) return Progress::waiting;
      const IoResult got = up.in.fill(up.socket);
      if (got.state == IoResult::State::would_block) return Progress::waiting;
      if (got.state != IoResult::State::ok) {
        error = lost_server();
        // None of the request was taken in: it may go elsewhere, whatever it is.
        if (error.kind == ErrorKind::tls_failure) any_byte_sent_ = false;
        return Progress::failed;
      }
      any_response_byte_ = true;
    }
    const auto parsed =
        http::parse_response_head(up.in.view(), snapshot_->limits.head, request_.method,
                                  context_.response_head, backend().tolerate);
    switch (parsed.status) {
      case http::ParseStatus::incomplete:
        more = true;
        continue;
      case http::ParseStatus::fault:
        note_what_was_tolerated();  // as far as it was read
        count_malformed(parsed.fault.rule);
        error = malformed(parsed.fault.detail);
        return Progress::failed;
      case http::ParseStatus::complete:
        break;
    }
    note_what_was_tolerated();
    if (!context_.response_head.interim()) return on_head(error);
    interim_bytes_ += context_.response_head.size;
    if (interim_bytes_ > kMaxInterimBytes) {
      count_malformed(http::MalformedRule::interim);
      error = malformed("too many interim responses");
      return Progress::failed;
    }
    forward_interim();
    more = up.in.empty();
  }
}

void Exchange::note_what_was_tolerated() {
  if (context_.response_head.tolerated == 0) return;
  const EndpointState& endpoint = lease_->endpoint();
  note_tolerated(backend(), context_.pool.cells(endpoint), endpoint.name, context_.response_head);
}

// Which build of the backend answers is for the control side to judge.
void Exchange::note_build() {
  const http::ResponseHead& head = context_.response_head;
  BuildWatch& watch = *backend().build_watch;
  const http::Field* field = head.find(watch.header());
  if (field != nullptr) watch.see(head.value(*field), context_.index, now());
}

void Exchange::forward_interim() {
  if (context_.response_head.status == 100 && continued_at_ == SteadyTime{}) continued_at_ = now();
  // HTTP/1.0 knows no interim responses (RFC 9110 §15.2).
  if (request_.minor_version > 0) {
    context_.head.clear();
    http::write_downstream_head(context_.response_head, {}, context_.head);
    const iovec part{context_.head.data(), context_.head.size()};
    client_->out.send(client_->socket, &part, 1);
  }
  lease_->in.consume(context_.response_head.size);
}

Exchange::Progress Exchange::on_head(Error& error) {
  const http::ResponseHead& head = context_.response_head;
  status_ = head.status;
  response_head_at_ = now();
  if (head.status == 101) {
    if (http::fits_offer(request_, head)) return begin_tunnel();
    count_malformed(http::MalformedRule::upgrade);
    error = malformed(request_.upgrade ? "101 to a protocol that was not offered"
                                       : "101 without a request to change the protocol");
    return Progress::failed;
  }
  if (backend().build_watch != nullptr) note_build();
  if (side_ == Side::fresh && !fell_back_ && route_->fallback) {
    const Error refused{ErrorKind::status, Fault::upstream, RetrySafety::never, {}};
    if (grant_fallback(refused)) {
      // The user gets another answer; what the guard thinks of this one is the same.
      if (counts_as_failure(route_->failures, head)) {
        record_failure(refused);
      } else {
        outcome_.success();
      }
      error = refused;
      return Progress::failed;
    }
  }
  judge_head();
  return on_response(begin_response(), error);
}

// A failure is known now; a success only when the answer is complete or has lasted.
void Exchange::judge_head() {
  const http::ResponseHead& head = context_.response_head;
  if (counts_as_failure(route_->failures, head)) {
    record_failure({ErrorKind::status, Fault::upstream, RetrySafety::never, {}});
  } else if (is_event_stream(head.value(http::HeaderId::content_type))) {
    outcome_.success();
  } else if (!outcome_.settled()) {
    outcome_due_ = now() + kJudgedAfterHead;
  }
}

void Exchange::record_failure(const Error& error) {
  if (error.fault != Fault::upstream && error.kind != ErrorKind::client_abort) return;
  const bool gave_up = error.kind == ErrorKind::client_abort;
  if (gave_up) {
    // A client that leaves early, or while its own body is still on the way, says nothing; one that
    // waited long was failed.
    if (response_begun_ || (request_begun_ && !awaits_server())) return;
    if (now() - request_sent_at_ < backend().timeouts.first_byte / 2) return;
  }
  const ErrorKind kind = gave_up ? ErrorKind::gave_up : error.kind;
  judged_failed_ = true;
  side_cells().errors[static_cast<std::size_t>(kind)].add();
  if (outcome_.settled()) return;
  FailedExchange failed;
  failed.now = std::chrono::steady_clock::now();
  failed.kind = kind;
  failed.status = kind == ErrorKind::status ? status_ : 0;
  failed.method = request_.method_text();
  failed.path = request_.path();
  if (last_endpoint_ != nullptr) failed.endpoint = last_endpoint_->name;
  failed.request_id = request_id();
  outcome_.failure(failed);
}

http::BackMap Exchange::back_map() const {
  http::BackMap map;
  map.rewrite = route_->rewrite(side_);
  if (!map.is_needed()) return map;
  map.client_scheme = client_scheme(context_.listener(client_->listener), *client_, request_);
  map.client_host = request_.host();
  map.endpoint_scheme = lease_->endpoint().tls_name.empty() ? "http" : "https";
  map.endpoint = lease_->endpoint().default_host();
  return map;
}

// A write that was taken, by a side that the route's rules sent it to while the sides share the
// traffic.
bool Exchange::pins_client() const {
  const http::ResponseHead& head = context_.response_head;
  return route_->pin && !http::is_safe(request_.method) && head.status >= 200 &&
         head.status < 400 && route_->weight.basis_points() > 0 &&
         choice_.reason != SideReason::only_side && choice_.reason != SideReason::override_ &&
         may_set_cookie(lookup_of(head));
}

// A proxy in front of us may have the TLS.
CookieScope Exchange::cookie_scope() const {
  const auto scheme = client_scheme(context_.listener(client_->listener), *client_, request_);
  return scheme == "https" ? CookieScope::secure : CookieScope::any;
}

PipeState Exchange::begin_response() {
  UpstreamConnection& up = *lease_;
  const http::ResponseHead& head = context_.response_head;
  response_begun_ = true;
  server_keep_alive_ = head.keep_alive && head.framing != http::Framing::until_close;
  connection_authenticated_ = authenticates_connection(request_, head);
  client_framing_ = framing_towards(request_, head.framing);
  const bool request_done = request_pipe_.source_done();
  // An answer that is short, or that the client was waiting for with its body, ends before the
  // request does: the rest is not waited for. A stream may well flow beside it.
  const bool streams = client_framing_ == http::Framing::chunked;
  const bool ends_first =
      !request_done && (!streams || request_.expect_continue || head.status >= 300);
  close_client_ = close_client_ || !request_.keep_alive || context_.draining ||
                  client_framing_ == http::Framing::until_close || ends_first;

  http::DownstreamHeadContext to_client;
  to_client.client_minor_version = request_.minor_version;
  to_client.framing = client_framing_;
  to_client.content_length = head.content_length;
  to_client.close = close_client_;
  std::optional<GeneratedKeyCookie> cookie;
  if (choice_.generated_key && may_set_cookie(lookup_of(head))) {
    cookie.emplace(*choice_.generated_key, cookie_scope());
    to_client.set_cookie = cookie->text();
  }
  to_client.back_map = back_map();
  std::optional<PinCookie> pin;
  if (pins_client()) {
    pin.emplace(*route_->pin, PinCookie::Terms{side_, unix_ms_now(), cookie_scope()});
    to_client.set_pin = pin->text();
  }
  context_.head.clear();
  http::write_downstream_head(head, to_client, context_.head);
  response_pipe_.begin({&up.socket, &up.in, &client_->socket, &client_->out}, head.framing,
                       head.content_length, client_framing_, now());
  up.in.consume(head.size);
  return response_pipe_.pump(now(), context_.head.view());
}

Exchange::Progress Exchange::begin_tunnel() {
  UpstreamConnection& up = *lease_;
  const http::ResponseHead& head = context_.response_head;
  outcome_.success();
  tunnel_ = response_begun_ = true;
  http::DownstreamHeadContext to_client;
  to_client.back_map = back_map();
  context_.head.clear();
  http::write_downstream_head(head, to_client, context_.head);
  request_pipe_.begin({&client_->socket, &client_->in, &up.socket, &up.out},
                      http::Framing::until_close, 0, http::Framing::until_close, now());
  response_pipe_.begin({&up.socket, &up.in, &client_->socket, &client_->out},
                       http::Framing::until_close, 0, http::Framing::until_close, now());
  up.in.consume(head.size);
  const iovec part{context_.head.data(), context_.head.size()};
  client_->out.send(client_->socket, &part, 1);
  return Progress::finished;
}

Exchange::Progress Exchange::on_response(PipeState state, Error& error) {
  if (response_pipe_.handed_over()) {
    outcome_.success();
    return Progress::finished;
  }
  switch (state) {
    case PipeState::starved:
    case PipeState::blocked:
      return Progress::waiting;
    case PipeState::yielded:
      client_->waiter.yield();
      return Progress::waiting;
    case PipeState::done:
      return Progress::finished;
    case PipeState::sink_failed:
      error = client_left();
      return Progress::failed;
    case PipeState::cut:
    case PipeState::source_failed:
      error = cut_short();
      return Progress::failed;
    case PipeState::too_large:  // answers have no limit
      break;
    case PipeState::malformed:
      count_malformed(http::MalformedRule::chunk_syntax);
      error = malformed(response_pipe_.fault());
      return Progress::failed;
  }
  return Progress::waiting;
}

// The client keeps its body back until the server says 100, and no server has.
bool Exchange::awaits_continue() const {
  return request_.expect_continue && continued_at_ == SteadyTime{} &&
         request_pipe_.payload_bytes() == 0 && !request_pipe_.sink_blocked();
}

// Nothing more of the request is on its way: it is the server's turn.
bool Exchange::awaits_server() const {
  return request_pipe_.handed_over() || request_sink_broken_ || awaits_continue();
}

SteadyTime Exchange::request_limit() const {
  const config::BackendTimeouts& server = backend().timeouts;
  if (request_pipe_.handed_over() || request_sink_broken_) {
    return response_begun_ ? Timer::kNever : request_sent_at_ + server.first_byte;
  }
  if (request_pipe_.sink_blocked()) return request_pipe_.last_write() + server.idle;
  // Whoever is answered in place of a 100 owes no body (RFC 9110 §10.1.1).
  if (awaits_continue()) {
    return response_begun_ ? Timer::kNever : request_pipe_.last_write() + server.first_byte;
  }
  return std::max(request_pipe_.last_read(), continued_at_) + client_->timeouts.request_body_idle;
}

SteadyTime Exchange::response_limit() const {
  if (!response_begun_) return Timer::kNever;
  if (response_pipe_.sink_blocked()) {
    return response_pipe_.last_write() + client_->timeouts.write_idle;
  }
  return std::max(response_pipe_.last_read(), response_pipe_.last_write()) +
         backend().timeouts.idle;
}

// Whoever we wait for has a limit; the earliest counts.
SteadyTime Exchange::deadline() const {
  const SteadyTime limit = std::min({request_limit(), response_limit(), exchange_limit()});
  return outcome_.settled() ? limit : std::min(limit, outcome_due_);
}

// The fault is of the one whose limit passed: a server that streams on is not to blame for a client
// whose body stopped.
Error Exchange::on_deadline() {
  if (!outcome_.settled() && now() >= outcome_due_) {
    outcome_.success();
    outcome_due_ = Timer::kNever;
  }
  if (now() >= exchange_limit()) return exchange_too_long();
  if (now() >= response_limit()) {
    if (response_pipe_.sink_blocked()) {
      return {ErrorKind::write_timeout, Fault::downstream, RetrySafety::never, {}};
    }
    return {ErrorKind::idle_timeout, Fault::upstream, RetrySafety::never,
            "the server stopped in the middle of its answer"};
  }
  if (now() < request_limit()) return {};
  if (awaits_server()) {
    return {ErrorKind::first_byte_timeout, Fault::upstream, RetrySafety::never,
            "the server did not begin to answer in time"};
  }
  if (request_pipe_.sink_blocked()) {
    return {ErrorKind::idle_timeout, Fault::upstream, RetrySafety::never,
            "the server stopped reading the request"};
  }
  return {ErrorKind::body_timeout, Fault::downstream, RetrySafety::never,
          "the request's body did not arrive in time"};
}

}  // namespace ficus::proxy
