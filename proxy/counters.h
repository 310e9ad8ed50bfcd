#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "proxy/error.h"
#include "proxy/http/head_fields.h"
#include "proxy/side.h"

namespace ficus::proxy {

// A number that one thread adds to and any thread reads. No read-modify-write on the bus.
class Cell {
 public:
  void add(std::uint64_t amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void subtract(std::uint64_t amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) - amount, std::memory_order_relaxed);
  }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Log-linear latency buckets: four a doubling, from 64 µs to about 134 s, in microseconds.
class LatencyHistogram {
 public:
  static constexpr unsigned kSubBits = 2;
  static constexpr unsigned kFirstBit = 6;
  static constexpr unsigned kLastBit = 27;
  static constexpr std::size_t kBuckets = ((kLastBit - kFirstBit) << kSubBits) + 2;

  static constexpr std::size_t bucket_of(std::uint64_t micros) {
    if (micros < (1u << kFirstBit)) return 0;
    const auto bit = static_cast<unsigned>(std::bit_width(micros)) - 1;
    if (bit >= kLastBit) return kBuckets - 1;
    const auto sub =
        static_cast<std::size_t>((micros >> (bit - kSubBits)) & ((1u << kSubBits) - 1));
    return 1 + ((bit - kFirstBit) << kSubBits) + sub;
  }

  // Exclusive upper bound of a bucket in microseconds; the last one has none (0).
  static constexpr std::uint64_t upper_bound(std::size_t bucket) {
    if (bucket == 0) return 1u << kFirstBit;
    if (bucket == kBuckets - 1) return 0;
    const auto bit = static_cast<unsigned>((bucket - 1) >> kSubBits) + kFirstBit;
    const std::uint64_t sub = ((bucket - 1) & ((1u << kSubBits) - 1)) + 1;
    return (std::uint64_t{1} << bit) + (sub << (bit - kSubBits));
  }

  void record(std::uint64_t micros) {
    buckets_[bucket_of(micros)].add();
    sum_micros_.add(micros);
  }
  std::uint64_t count(std::size_t bucket) const { return buckets_[bucket].value(); }
  std::uint64_t sum_micros() const { return sum_micros_.value(); }

 private:
  std::array<Cell, kBuckets> buckets_;
  Cell sum_micros_;
};

// Requests by status. Codes 100–599 outside the table fall into their class ("4xx").
class StatusCells {
 public:
  static constexpr std::array<std::uint16_t, 48> kCodes{
      101, 200, 201, 202, 203, 204, 205, 206, 207, 300, 301, 302, 303, 304, 307, 308,
      400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415,
      416, 417, 421, 422, 423, 425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504};
  static constexpr std::size_t kClasses = 5;
  static constexpr std::size_t kCells = kCodes.size() + kClasses;

  void add(int status) { cells_[cell_of(status)].add(); }
  std::uint64_t value(std::size_t cell) const { return cells_[cell].value(); }

  static constexpr std::size_t cell_of(int status) {
    if (status < 100 || status > 599) return kCodes.size() + 4;
    return kIndex[static_cast<std::size_t>(status - 100)];
  }

 private:
  static constexpr std::array<std::uint8_t, 500> make_index() {
    std::array<std::uint8_t, 500> result{};
    for (std::size_t i = 0; i < result.size(); ++i) {
      result[i] = static_cast<std::uint8_t>(kCodes.size() + i / 100);
    }
    for (std::size_t i = 0; i < kCodes.size(); ++i) {
      result[kCodes[i] - 100u] = static_cast<std::uint8_t>(i);
    }
    return result;
  }
  static const std::array<std::uint8_t, 500> kIndex;

  std::array<Cell, kCells> cells_;
};

inline constexpr std::array<std::uint8_t, 500> StatusCells::kIndex = StatusCells::make_index();

enum class FallbackOutcome : std::uint8_t { served, failed, over_budget };
inline constexpr std::size_t kFallbackOutcomes = 3;

// What one worker counts for one side of a route.
struct SideCells {
  StatusCells requests;
  LatencyHistogram duration;
  std::array<Cell, kErrorKinds> errors;  // what the side did
  Cell bytes_to_side;
  Cell bytes_from_side;
};

// What one worker counts for one route. Written by that worker only.
struct alignas(64) RouteCells {
  std::array<SideCells, kSides> sides;
  std::array<Cell, kErrorKinds> client_errors;  // what the user saw
  std::array<Cell, kFallbackOutcomes> fallbacks;
  Cell legacy_last_request_seconds;  // Unix time
};

enum class RetryReason : std::uint8_t { connect_failure, stale_connection, reset };
inline constexpr std::size_t kRetryReasons = 3;

// What one worker counts for one backend and endpoint.
struct alignas(64) EndpointCells {
  Cell connections_active;
  Cell connections_idle;
  Cell in_flight;
  std::array<Cell, kRetryReasons> retries;
  std::array<Cell, http::kMalformedRules> malformed_responses;  // refused, or tolerated and cleaned
  // When a tolerated answer was last shown to the control side: seconds of the steady clock.
  std::array<Cell, http::kMalformedRules> tolerated_shown;
};

// Why a connection was not served.
enum class ShedReason : std::uint8_t { max_connections, max_connections_per_client, descriptors };
inline constexpr std::size_t kShedReasons = 3;

constexpr std::string_view text(ShedReason reason) {
  constexpr std::array<std::string_view, kShedReasons> kText{
      "max_connections", "max_connections_per_client", "descriptors"};
  return kText[static_cast<std::size_t>(reason)];
}

// Why a connection ended before its first request.
enum class BadPreamble : std::uint8_t { malformed, untrusted, timeout, cut };
inline constexpr std::size_t kBadPreambles = 4;

constexpr std::string_view text(BadPreamble fault) {
  constexpr std::array<std::string_view, kBadPreambles> kText{"malformed", "untrusted", "timeout",
                                                              "cut"};
  return kText[static_cast<std::size_t>(fault)];
}

// Why a client's TLS handshake came to nothing.
enum class HandshakeFailure : std::uint8_t {
  timeout,
  closed,        // the client left in the middle
  plain_http,    // a request without TLS
  no_agreement,  // no version, cipher or application protocol in common
  refused,       // the client sent an alert: it does not like the certificate, for example
  malformed,
};
inline constexpr std::size_t kHandshakeFailures = 6;

// What one worker counts for one listener.
struct alignas(64) ListenerCells {
  Cell connections_open;
  std::array<Cell, kShedReasons> shed;
  std::array<Cell, kBadPreambles> proxy_headers_refused;
  std::array<Cell, kHandshakeFailures> handshake_failures;
  std::array<Cell, kErrorKinds> requests_refused;  // answered before they reached a route
};

// What one worker counts for itself.
struct alignas(64) WorkerCells {
  Cell connections_open;
  Cell connections_accepted;
  Cell requests;
  Cell in_flight;
  Cell applied_version;
  Cell busy_micros;
};

}  // namespace ficus::proxy
