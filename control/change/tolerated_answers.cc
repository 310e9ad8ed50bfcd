#include "control/change/tolerated_answers.h"

#include <utility>

namespace ficus::control {

void ToleratedAnswers::tolerated(proxy::http::MalformedRule rule, std::string_view endpoint,
                                 std::string redacted_head) {
  Answer answer{std::string(endpoint), std::move(redacted_head), std::chrono::system_clock::now()};
  const std::lock_guard lock(mutex_);
  last_[static_cast<std::size_t>(rule)] = std::move(answer);
}

ToleratedAnswers::ByRule ToleratedAnswers::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

}  // namespace ficus::control
