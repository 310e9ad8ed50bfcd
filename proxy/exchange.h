#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/client.h"
#include "proxy/error.h"
#include "proxy/http/back_map.h"
#include "proxy/http/head_writer.h"
#include "proxy/http/trace_context.h"
#include "proxy/net/task.h"
#include "proxy/outcome.h"
#include "proxy/relay/pipe.h"
#include "proxy/request_body_copy.h"
#include "proxy/upstream/endpoint_choice.h"
#include "proxy/worker_context.h"

namespace ficus::proxy {

// What becomes of the client's connection after an exchange.
enum class After : std::uint8_t {
  keep_alive,
  close,   // nothing of the client's is left unread
  linger,  // the client may still be sending: half-close, drain a little, close
  abort,   // a reset, because the message that was begun cannot be finished
};

// One request and its response. run() reads top to bottom: route, side, endpoint, relay, account.
// Taken from the worker's stock for one request and given back. Loop thread only.
class Exchange {
 public:
  explicit Exchange(WorkerContext& context) : context_(context) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Takes over the head that was parsed from the front of the client's bytes.
  void accept(Client& client, const http::RequestHead& head);

  Task<After> run();

  // Forgets the request; keeps the memory.
  void reset();

  FrameArena& frames() { return context_.frames; }

 private:
  enum class Progress : std::uint8_t { waiting, finished, failed };

  // exchange.cc: the course of a request
  RequestView request_view() const;
  bool find_route();
  void choose();
  Task<Error> try_side();
  Task<Error> connect(const std::shared_ptr<EndpointState>& endpoint);
  Task<Error> secure(EndpointState& endpoint, SteadyTime limit);
  Task<Error> converse();
  Task<After> tunnel();
  void let_go_of_snapshot();
  void release();
  bool grant_fallback(const Error& error);
  void begin_fallback();
  bool may_resend(const Error& error) const;
  void answer(const Error& error);
  void answer_last_hop();
  After after() const;
  ErrorKind seen_by_client() const;
  void finish();

  // exchange_tls.cc holds secure(), and
  Error lost_server() const;
  static Error cut_short();
  // exchange_log.cc
  void note_first_try(const Error& error);
  void write_log_line();
  void add_route(LogRecord& record) const;
  // exchange_client.cc: who asks, and what he may
  void identify_client();
  bool body_too_large() const;
  Error refuse_body() const;
  SteadyTime exchange_limit() const;
  Error exchange_too_long() const;

  // exchange_upstream.cc: which server, and what to think of it
  Task<Error> wait_for_room();
  bool passes(int error);
  Task<int> connect_again(const std::shared_ptr<EndpointState>& endpoint, SteadyTime limit,
                          int failed);
  bool may_try_another(const Error& error) const;
  bool has_another_endpoint();
  void count_retry(RetryReason reason);
  void judge_endpoint(const Error& error);

  // exchange_relay.cc: one conversation with one server
  PipeState send_request();
  Progress on_request(PipeState state, Error& error);
  Progress read_response(Error& error);
  Progress read_head(Error& error);
  Progress on_head(Error& error);
  void note_what_was_tolerated();
  void note_build();
  void forward_interim();
  Progress begin_tunnel();
  PipeState begin_response();
  http::BackMap back_map() const;
  bool pins_client() const;
  CookieScope cookie_scope() const;
  Progress on_response(PipeState state, Error& error);
  bool awaits_continue() const;
  bool awaits_server() const;
  SteadyTime request_limit() const;
  SteadyTime response_limit() const;
  SteadyTime deadline() const;
  Error on_deadline();
  std::size_t copy_limit() const;
  void judge_head();
  void record_failure(const Error& error);

  void count_malformed(http::MalformedRule rule);

  void ensure_request_id();
  // Empty before ensure_request_id() if the client gave none.
  std::string_view request_id() const { return request_id_ ? request_id_->text() : given_id_; }

  const std::string& route_name() const { return kept_ ? kept_->state->name : route_->state->name; }
  const std::string& backend_name() const { return kept_ ? kept_->backend : backend().name; }
  const Backend& backend() const { return *route_->backend(side_); }
  SideCells& side_cells() const;
  SteadyTime now() const { return context_.loop.now(); }

  WorkerContext& context_;
  Client* client_ = nullptr;
  SnapshotRef snapshot_;
  const Route* route_ = nullptr;
  RouteState::PerWorker* state_ = nullptr;
  // What a tunnel, which may last for days, keeps in place of its snapshot.
  struct Kept {
    std::shared_ptr<RouteState> state;
    std::string backend;  // its name
  };
  std::optional<Kept> kept_;

  // the client
  const SocketAddress* client_address_ = nullptr;  // the rightmost untrusted one
  SocketAddress forwarded_address_;                // if it came in a field
  http::HopField x_forwarded_ = http::HopField::add;
  http::HopField forwarded_ = http::HopField::leave;

  // the request
  http::HeadBuffer head_bytes_;
  http::RequestHead request_;
  SteadyTime started_{};
  std::string_view given_id_;            // the client's X-Request-Id if it may be kept
  std::optional<RandomHex> request_id_;  // else the one that it gets, from its route on
  std::optional<http::TraceContext> trace_;
  RequestBodyCopy body_copy_;

  // the side
  SideChoice choice_;
  Side side_ = Side::legacy;
  SteadyTime assigned_at_{};
  Outcome outcome_;
  SteadyTime outcome_due_ = Timer::kNever;
  bool fallback_granted_ = false;
  bool fell_back_ = false;
  bool side_chosen_ = false;

  // the try
  TriedEndpoints tried_;
  Lease lease_;
  PendingRequest pending_;
  // Of the snapshot or of passed_on_, so that a request touches no shared count.
  EndpointState* last_endpoint_ = nullptr;
  // Of connections that came from the queue of their backend: of any snapshot.
  std::vector<std::shared_ptr<EndpointState>> passed_on_;
  Pipe request_pipe_;
  bool request_begun_ = false;  // the pipe has this request, from an earlier try
  bool request_sink_broken_ = false;
  bool any_byte_sent_ = false;    // of the request, in this try
  bool side_took_bytes_ = false;  // in an earlier try on this side
  SteadyTime request_sent_at_{};
  SteadyTime continued_at_{};  // when the client was given a 100; not yet: 0

  // the response
  Pipe response_pipe_;
  bool response_begun_ = false;  // a final head is on its way to the client
  bool any_response_byte_ = false;
  std::size_t interim_bytes_ = 0;  // of this try
  bool server_keep_alive_ = false;
  bool connection_authenticated_ = false;  // or about to be: nobody else may use it
  bool tunnel_ = false;
  bool close_client_ = false;
  http::Framing client_framing_ = http::Framing::none;
  int status_ = 0;
  ErrorKind client_error_ = ErrorKind::none;

  // for the access log
  struct FirstTry {
    const EndpointState* endpoint = nullptr;
    Side side = Side::legacy;
    ErrorKind error = ErrorKind::none;
    int status = 0;
    SteadyTime ended{};
  };
  std::optional<FirstTry> first_try_;   // of one that fell back
  SteadyTime::duration connecting_{0};  // in all tries
  SteadyTime response_head_at_{};
  std::string_view error_detail_;  // static storage
  bool judged_failed_ = false;     // counted as a failure of the side
};

}  // namespace ficus::proxy
