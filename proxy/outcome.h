#pragma once

#include "proxy/error.h"
#include "proxy/route/side_choice.h"
#include "proxy/snapshot.h"

namespace ficus::proxy {

// What the guard learns of one exchange: exactly one outcome, charged to the side that was tried
// first (GUARD §1). Loop thread only.
class Outcome {
 public:
  struct Context {
    const Route* route = nullptr;
    SideChoice choice;
    SteadyTime assigned_at{};
    std::uint64_t client = 0;  // hash of the address
    std::size_t worker = 0;
  };

  void begin(const Context& context);

  bool settled() const { return settled_; }
  void success();
  // `exchange` says what failed; its times, key and client are filled in here.
  void failure(FailedExchange exchange);
  // Counts for nobody: the client's doing, or ours.
  void nobody();

 private:
  Context context_;
  bool settled_ = true;
};

}  // namespace ficus::proxy
