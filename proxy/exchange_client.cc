// The part of an exchange that knows who asks, and what he may.
#include "proxy/client_identity.h"
#include "proxy/exchange.h"

namespace ficus::proxy {

void Exchange::identify_client() {
  client_address_ = &client_->address;
  x_forwarded_ = http::HopField::add;
  forwarded_ = http::HopField::leave;
  const ListenerSettings* listener = context_.listener(client_->listener);
  if (listener == nullptr || !judges_peers(*listener)) return;
  const ClientIdentity identity = proxy::identify_client(*listener, client_->address, request_);
  x_forwarded_ = identity.x_forwarded;
  forwarded_ = identity.forwarded;
  if (identity.address.empty()) return;
  forwarded_address_ = identity.address;
  client_address_ = &forwarded_address_;
}

bool Exchange::body_too_large() const {
  return request_.framing == http::Framing::length &&
         request_.content_length > snapshot_->limits.max_body_bytes;
}

Error Exchange::refuse_body() const {
  return {ErrorKind::body_too_large, Fault::downstream, RetrySafety::never,
          "the request's body is larger than limits.max_body_bytes"};
}

SteadyTime Exchange::exchange_limit() const {
  return client_->timeouts.request ? started_ + *client_->timeouts.request : Timer::kNever;
}

// The fault is of the one who was waited for.
Error Exchange::exchange_too_long() const {
  const bool for_server = !lease_ || request_pipe_.handed_over() || request_sink_broken_ ||
                          request_pipe_.sink_blocked() || awaits_continue();
  const bool for_client =
      response_begun_ ? response_pipe_.sink_blocked() : request_begun_ && !for_server;
  if (for_client) {
    return {ErrorKind::exchange_timeout, Fault::downstream, RetrySafety::never,
            "the request took longer than timeouts.request of its listener"};
  }
  return {ErrorKind::exchange_timeout, Fault::upstream, RetrySafety::never,
          "the server did not finish its answer within timeouts.request of the listener"};
}

void Exchange::count_malformed(http::MalformedRule rule) {
  context_.pool.cells(lease_->endpoint()).malformed_responses[static_cast<std::size_t>(rule)].add();
}

}  // namespace ficus::proxy
