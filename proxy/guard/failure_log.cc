#include "proxy/guard/failure_log.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace ficus::proxy {
namespace {

constexpr std::size_t kTextLimit = 256;
constexpr std::chrono::minutes kClientWindow{10};

std::string cut(std::string_view text) { return std::string(text.substr(0, kTextLimit)); }

KeptFailure copy(const FailedExchange& failure, SteadyTime now) {
  return {failure.assigned_at,   now,
          failure.key,           failure.client,
          failure.kind,          failure.status,
          cut(failure.method),   cut(failure.path),
          cut(failure.endpoint), cut(failure.request_id)};
}

}  // namespace

void FailureLog::add(const FailedExchange& failure, SteadyTime now) {
  KeptFailure kept = copy(failure, now);
  if (first_.size() < kKept) first_.push_back(kept);
  last_.push_back(std::move(kept));
  if (last_.size() > kKept) last_.pop_front();
  if (failure.key) return;
  keyless_.push_back({now, failure.client});
  if (keyless_.size() > kKept) keyless_.pop_front();
}

void FailureLog::clear() {
  first_.clear();
  last_.clear();
  keyless_.clear();
}

std::size_t FailureLog::clients(SteadyTime now) const {
  std::array<std::uint64_t, kKept> seen{};
  std::size_t count = 0;
  for (const Keyless& failure : keyless_) {
    if (now - failure.at >= kClientWindow) continue;
    const auto end = seen.begin() + static_cast<std::ptrdiff_t>(count);
    if (std::find(seen.begin(), end, failure.client) == end) seen[count++] = failure.client;
  }
  return count;
}

}  // namespace ficus::proxy
