#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "proxy/http/request_head.h"
#include "proxy/net/address.h"

namespace ficus::proxy::http {

// The address in one member of X-Forwarded-For, or in the value of a `for=` of Forwarded
// (RFC 7239 §6, its quotes removed): "192.0.2.1", "192.0.2.1:80", "2001:db8::1",
// "[2001:db8::1]:80". Nothing for names, "unknown", "_hidden" and whatever else is no address.
std::optional<SocketAddress> parse_node(std::string_view text);

// The nodes that a request passed on its way, from the nearest one outwards: the members of
// X-Forwarded-For or, if the request has no such field, the elements of Forwarded. Dropped fields
// count. Borrows the head. Of one line the last kMaxNodes are seen.
class HopList {
 public:
  static constexpr std::size_t kMaxNodes = 64;

  explicit HopList(const RequestHead& head);

  // The next node outwards. False at the end, and behind a member that breaks the grammar or names
  // no address: what lies beyond it cannot be believed.
  bool next(SocketAddress& address);

 private:
  bool load_line();

  const RequestHead& head_;
  const HeaderId id_;
  std::size_t line_;  // fields before this one are still to be read
  std::array<std::string_view, kMaxNodes> nodes_;
  std::size_t first_ = 0;
  std::size_t left_ = 0;
  bool faulty_ = false;
};

// Do the kept lines of Forwarded follow its grammar (RFC 7239 §4)? An element that is added to
// others would not be one: an open quote takes in all that follows.
bool has_sound_forwarded(const RequestHead& head);

// Marks as dropped what an untrusted peer says about the way here: every X-Forwarded-* and
// X-Real-IP, with '_' for '-' too, which many backends take for the same; and Forwarded.
void drop_x_forwarded(RequestHead& head);
void drop_forwarded(RequestHead& head);

}  // namespace ficus::proxy::http
