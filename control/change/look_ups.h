#pragma once

#include <memory>

#include "control/change/resolve.h"

namespace ficus::control {

// Look-ups that can be given up, because a name server that says nothing must keep no process from
// ending. Each runs on a thread of its own, which ends with it.
// Threads: any.
class LookUps {
 public:
  explicit LookUps(LookUp look_up);

  // Blocks until the name is found, or not found, or given up.
  FoundAddresses find(const config::EndpointUrl& url);

  // Those under way and all later ones come to nothing, at once.
  void give_up();
  bool given_up() const;

 private:
  struct State;  // what the threads share, which may live longer than this

  const LookUp look_up_;
  const std::shared_ptr<State> state_;
};

}  // namespace ficus::control
