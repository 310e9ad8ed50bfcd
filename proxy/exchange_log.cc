// What an exchange tells the access log at its end.
#include "proxy/exchange.h"
#include "proxy/net/ip_text.h"

namespace ficus::proxy {
namespace {

std::int64_t micros(SteadyTime::duration time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

// A reply of ours lies in one buffer, head and body.
std::size_t body_size(std::string_view reply) {
  const std::size_t end = reply.find("\r\n\r\n");
  return end == std::string_view::npos ? 0 : reply.size() - end - 4;
}

void add_agent(const http::RequestHead& request, LogRecord& record) {
  constexpr std::string_view kReferer = "referer";
  for (const http::Field& field : request.fields) {
    if (field.id == http::HeaderId::user_agent) {
      record.user_agent = request.value(field);
    } else if (field.id == http::HeaderId::other && field.name_size == kReferer.size() &&
               http::equals_ignoring_case(request.name(field), kReferer)) {
      record.referer = request.value(field);
    }
  }
}

}  // namespace

void Exchange::note_first_try(const Error& error) {
  first_try_ = FirstTry{last_endpoint_, side_, error.kind, status_, now()};
  response_head_at_ = {};
  judged_failed_ = false;
}

// The worker's scratch head still holds our own reply, if that is what the client got.
void Exchange::write_log_line() {
  const LogSettings& settings = *snapshot_->access_log;
  const ErrorKind seen = seen_by_client();
  const bool badly = status_ >= 500 || status_ == 0 || seen != ErrorKind::none || fell_back_;
  const auto ending = badly ? AccessLog::Ending::badly : AccessLog::Ending::well;
  if (!AccessLog::keeps(settings, ending, context_.random)) return;
  LogRecord record;
  record.request_id = request_id();
  std::optional<IpText> told;  // by a trusted proxy
  if (client_address_ == &forwarded_address_) told.emplace(forwarded_address_);
  record.client = told ? told->view() : client_->ip;
  record.method = request_.method_text();
  record.host = request_.host();
  record.path = request_.path();
  record.query = request_.query();
  record.minor_version = request_.minor_version;
  record.status = status_;
  record.bytes_in = request_begun_ || tunnel_ ? request_pipe_.payload_bytes() : 0;
  record.duration_us = micros(now() - started_);
  record.error = seen;
  record.detail = error_detail_;
  if (response_begun_) {
    record.bytes_out = response_pipe_.payload_bytes();
  } else if (status_ != 0) {
    record.bytes_out = body_size(context_.head.view());
  }
  add_agent(request_, record);
  const std::string_view traceparent = request_.value(http::HeaderId::traceparent);
  if (side_chosen_) {
    add_route(record);
    record.trace_id = trace_ ? trace_->trace_id() : traceparent.substr(3, 32);
    context_.access_log.write(settings, record);
    return;
  }
  // Answered before a side was chosen.
  if (route_ != nullptr) record.route = route_->state->name;
  const auto given = http::TraceContext::parse(traceparent);
  if (given) record.trace_id = given->trace_id();
  context_.access_log.write(settings, record);
}

void Exchange::add_route(LogRecord& record) const {
  record.route = route_name();
  record.side = side_;
  record.reason = choice_.reason;
  record.backend = backend_name();
  if (last_endpoint_ != nullptr) {
    record.endpoint = last_endpoint_->name;
    record.connect_us = micros(connecting_);
  }
  if (response_head_at_ != SteadyTime{})
    record.first_byte_us = micros(response_head_at_ - started_);
  if (!first_try_) return;
  LogTry first;
  first.side = first_try_->side;
  if (first_try_->endpoint != nullptr) first.endpoint = first_try_->endpoint->name;
  first.error = first_try_->error;
  first.status = first_try_->status;
  first.duration_us = micros(first_try_->ended - started_);
  record.first_try = first;
}

}  // namespace ficus::proxy
