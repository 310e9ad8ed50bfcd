#include "proxy/tolerated.h"

#include <chrono>

#include "proxy/http/redaction.h"

namespace ficus::proxy {
namespace {

constexpr std::size_t kShownBytes = 256;

}  // namespace

void note_tolerated(const Backend& backend, EndpointCells& cells, std::string_view endpoint,
                    const http::ResponseHead& head) {
  const auto second =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(
                                     std::chrono::steady_clock::now().time_since_epoch())
                                     .count());
  for (std::size_t rule = 0; rule < http::kMalformedRules; ++rule) {
    if ((head.tolerated >> rule & 1u) == 0) continue;
    cells.malformed_responses[rule].add();
    if (backend.tolerance_sink == nullptr || cells.tolerated_shown[rule].value() == second)
      continue;
    cells.tolerated_shown[rule].set(second);
    backend.tolerance_sink->tolerated(static_cast<http::MalformedRule>(rule), endpoint,
                                      http::redacted_head({head.base, head.size}, kShownBytes));
  }
}

}  // namespace ficus::proxy
