#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "loadtests/support/latency_recorder.h"

namespace ficus::loadtests {

// One request that a user saw fail. Times are monotonic nanoseconds.
struct Failure {
  std::uint64_t sent = 0;
  std::uint64_t ended = 0;
  std::size_t method = 0;
  std::size_t backend = 0;
  int status = 0;  // 0: no whole answer
  const char* kind = "status";
};

// What one run saw. One thread.
class LoadReport {
 public:
  static constexpr std::size_t kFailuresKept = 200'000;
  static constexpr std::size_t kStatuses = 600;

  LoadReport(std::vector<std::string> methods, std::size_t users);

  // The number of a backend that named itself in an answer; 0 is "" (nobody did).
  std::size_t backend_number(std::string_view name);

  void count_sent() { ++sent_; }
  void count_answer(std::size_t method, std::size_t backend, int status);
  void count_failure(const Failure& failure);
  void count_closed() { ++closed_; }
  void count_user(std::size_t user, std::size_t backend);
  void record_latency(std::uint64_t nanoseconds) { latency_.record(nanoseconds); }
  void count_body(std::uint64_t bytes) { body_bytes_ += bytes; }
  void set_span(std::uint64_t started, std::uint64_t ended);

  std::uint64_t sent() const { return sent_; }

  std::string json() const;           // everything, one line
  std::string progress_json() const;  // totals so far, one line

 private:
  struct MethodAndBackend {
    std::size_t method = 0;
    std::size_t backend = 0;
    std::array<std::uint64_t, kStatuses> by_status{};
  };

  void append_counts(std::string& out) const;
  void append_failures(std::string& out) const;
  void append_latency(std::string& out) const;
  void append_users(std::string& out) const;

  std::vector<std::string> methods_;
  std::vector<std::string> backends_{""};
  std::vector<MethodAndBackend> counts_;
  std::vector<Failure> failures_;
  std::vector<std::uint32_t> user_backends_;  // bit n: an answer of backend n
  LatencyRecorder latency_;
  std::uint64_t sent_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t closed_ = 0;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t started_ = 0;
  std::uint64_t ended_ = 0;
};

}  // namespace ficus::loadtests
