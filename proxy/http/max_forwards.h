#pragma once

#include <cstdint>

#include "proxy/http/request_head.h"

namespace ficus::proxy::http {

enum class Hops : std::uint8_t { left, used_up };

// OPTIONS and TRACE may say how many more proxies they may pass (RFC 9110 §7.6.2). Counts this one:
// writes the smaller number into `bytes`, which are the head's. `used_up` asks for an answer from
// here instead. A value that is no number says nothing and stays.
Hops count_hop_of(RequestHead& head, char* bytes);

// The same for any method; all others may say it too, but it counts for nobody.
inline Hops count_hop(RequestHead& head, char* bytes) {
  const bool counts = head.method == Method::options || head.method == Method::trace;
  return counts ? count_hop_of(head, bytes) : Hops::left;
}

}  // namespace ficus::proxy::http
