#pragma once

#include <array>
#include <cstddef>
#include <netinet/in.h>
#include <string_view>

#include "proxy/net/address.h"

namespace ficus::proxy {

// The IP of an address as SocketAddress::ip_text() gives it, without the heap that the text of a
// long IPv6 address would need: for what is written with each request. A value; any thread.
class IpText {
 public:
  explicit IpText(const SocketAddress& address);

  std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, INET6_ADDRSTRLEN> text_{};
  std::size_t size_ = 0;
};

}  // namespace ficus::proxy
