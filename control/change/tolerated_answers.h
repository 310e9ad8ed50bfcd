#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "control/clock.h"
#include "proxy/snapshot.h"

namespace ficus::control {

// The last answer of a backend that was tolerated, for each rule. Any thread: workers leave one a
// second at most, the admin side looks.
class ToleratedAnswers final : public proxy::ToleranceSink {
 public:
  struct Answer {
    std::string endpoint;
    std::string head;  // its first 256 bytes, redacted
    Clock::Wall at;
  };
  using ByRule = std::array<std::optional<Answer>, proxy::http::kMalformedRules>;

  void tolerated(proxy::http::MalformedRule rule, std::string_view endpoint,
                 std::string redacted_head) override;

  ByRule last() const;

 private:
  mutable std::mutex mutex_;
  ByRule last_;
};

}  // namespace ficus::control
