#include "control/change/look_ups.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <pthread.h>
#include <system_error>
#include <thread>
#include <utility>

namespace ficus::control {

struct LookUps::State {
  std::mutex mutex;
  std::condition_variable changed;  // an answer came, or all is given up
  bool given_up = false;
};

LookUps::LookUps(LookUp look_up)
    : look_up_(std::move(look_up)), state_(std::make_shared<State>()) {}

FoundAddresses LookUps::find(const config::EndpointUrl& url) {
  if (given_up()) return {{}, "given up"};
  const auto found = std::make_shared<std::optional<FoundAddresses>>();
  std::thread thread;
  try {
    thread = std::thread([state = state_, look_up = look_up_, url, found] {
      ::pthread_setname_np(::pthread_self(), "ficus-look-up");
      FoundAddresses answer = look_up(url);
      const std::lock_guard lock(state->mutex);
      *found = std::move(answer);
      state->changed.notify_all();
    });
  } catch (const std::system_error& error) {
    return {{}, std::string("no thread to look it up: ") + error.what()};
  }
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [&] { return found->has_value() || state_->given_up; });
  const bool is_answered = found->has_value();
  lock.unlock();
  if (!is_answered) {
    thread.detach();
    return {{}, "given up"};
  }
  thread.join();
  return std::move(**found);
}

void LookUps::give_up() {
  const std::lock_guard lock(state_->mutex);
  state_->given_up = true;
  state_->changed.notify_all();
}

bool LookUps::given_up() const {
  const std::lock_guard lock(state_->mutex);
  return state_->given_up;
}

}  // namespace ficus::control
