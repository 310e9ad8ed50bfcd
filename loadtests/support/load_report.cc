#include "loadtests/support/load_report.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "loadtests/support/socket.h"

namespace ficus::loadtests {
namespace {

std::string number(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.6f", value);
  return text;
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + '"';
}

void member(std::string& out, std::string_view name, const std::string& value) {
  if (out.back() != '{') out += ',';
  out += in_quotes(name) + ':' + value;
}

}  // namespace

LoadReport::LoadReport(std::vector<std::string> methods, std::size_t users)
    : methods_(std::move(methods)), user_backends_(users) {}

std::size_t LoadReport::backend_number(std::string_view name) {
  const auto found = std::find(backends_.begin(), backends_.end(), name);
  if (found != backends_.end()) return static_cast<std::size_t>(found - backends_.begin());
  if (backends_.size() == 32) return 0;
  backends_.emplace_back(name);
  return backends_.size() - 1;
}

void LoadReport::count_answer(std::size_t method, std::size_t backend, int status) {
  ++answered_;
  for (MethodAndBackend& entry : counts_) {
    if (entry.method == method && entry.backend == backend) {
      ++entry.by_status[static_cast<std::size_t>(status)];
      return;
    }
  }
  counts_.push_back({method, backend, {}});
  ++counts_.back().by_status[static_cast<std::size_t>(status)];
}

void LoadReport::count_failure(const Failure& failure) {
  ++failed_;
  if (failures_.size() < kFailuresKept) failures_.push_back(failure);
}

void LoadReport::count_user(std::size_t user, std::size_t backend) {
  user_backends_[user] |= std::uint32_t{1} << backend;
}

void LoadReport::set_span(std::uint64_t started, std::uint64_t ended) {
  started_ = started;
  ended_ = ended;
}

std::string LoadReport::progress_json() const {
  std::string out = "{";
  member(out, "at", number(seconds_of(monotonic_nanoseconds())));
  member(out, "answered", std::to_string(answered_));
  member(out, "failed", std::to_string(failed_));
  return out + '}';
}

std::string LoadReport::json() const {
  std::string out = "{";
  const double seconds = seconds_of(ended_ - started_);
  member(out, "started", number(seconds_of(started_)));
  member(out, "ended", number(seconds_of(ended_)));
  member(out, "sent", std::to_string(sent_));
  member(out, "answered", std::to_string(answered_));
  member(out, "failed", std::to_string(failed_));
  member(out, "closed", std::to_string(closed_));
  member(out, "body_bytes", std::to_string(body_bytes_));
  member(out, "rate", number(seconds > 0 ? static_cast<double>(answered_) / seconds : 0));
  append_latency(out);
  append_counts(out);
  append_failures(out);
  append_users(out);
  return out + '}';
}

void LoadReport::append_latency(std::string& out) const {
  std::string block = "{";
  for (const auto& [name, share] :
       {std::pair{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}}) {
    member(block, name, number(seconds_of(latency_.quantile(share)) * 1e3));
  }
  member(block, "max", number(seconds_of(latency_.maximum()) * 1e3));
  member(out, "latency_ms", block + '}');
}

void LoadReport::append_counts(std::string& out) const {
  std::string list = "[";
  for (const MethodAndBackend& entry : counts_) {
    for (std::size_t status = 0; status < kStatuses; ++status) {
      if (entry.by_status[status] == 0) continue;
      if (list.size() > 1) list += ',';
      std::string item = "{";
      member(item, "method", in_quotes(methods_[entry.method]));
      member(item, "backend", in_quotes(backends_[entry.backend]));
      member(item, "status", std::to_string(status));
      member(item, "count", std::to_string(entry.by_status[status]));
      list += item + '}';
    }
  }
  member(out, "answers", list + ']');
}

void LoadReport::append_failures(std::string& out) const {
  std::string list = "[";
  for (const Failure& failure : failures_) {
    if (list.size() > 1) list += ',';
    std::string item = "{";
    member(item, "sent", number(seconds_of(failure.sent)));
    member(item, "ended", number(seconds_of(failure.ended)));
    member(item, "method", in_quotes(methods_[failure.method]));
    member(item, "backend", in_quotes(backends_[failure.backend]));
    member(item, "status", std::to_string(failure.status));
    member(item, "kind", in_quotes(failure.kind));
    list += item + '}';
  }
  member(out, "failures", list + ']');
}

void LoadReport::append_users(std::string& out) const {
  std::string names = "[";
  for (const std::string& name : backends_)
    names += (names.size() > 1 ? "," : "") + in_quotes(name);
  member(out, "backends", names + ']');
  std::string masks = "[";
  for (const std::uint32_t mask : user_backends_) {
    if (masks.size() > 1) masks += ',';
    masks += std::to_string(mask);
  }
  member(out, "user_backends", masks + ']');
}

}  // namespace ficus::loadtests
