#include "control/view.h"

namespace ficus::control {

std::string_view text(Decision::Kind kind) {
  switch (kind) {
    case Decision::Kind::rollback:
      return "rollback";
    case Decision::Kind::retreat:
      return "retreat";
    case Decision::Kind::would_roll_back:
      return "would_roll_back";
    case Decision::Kind::held:
      return "hold";
  }
  return "rollback";
}

bool View::ready() const {
  if (draining || version == 0) return false;
  for (const std::uint64_t version_of_worker : applied) {
    if (version_of_worker == 0) return false;
  }
  return !applied.empty();
}

const RouteView* View::find(std::string_view route) const {
  for (const std::shared_ptr<const RouteView>& view : routes) {
    if (view->entry.name == route) return view.get();
  }
  return nullptr;
}

}  // namespace ficus::control
