#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <strings.h>
#include <utility>
#include <vector>

#include "proxy/net/address.h"
#include "proxy/route/request_view.h"

namespace ficus::proxy {

// Header fields as a test writes them.
class FakeHeaders {
 public:
  FakeHeaders() = default;
  FakeHeaders(std::initializer_list<std::pair<std::string, std::string>> lines) : lines_(lines) {}

  HeaderLookup lookup() const { return HeaderLookup(this, &FakeHeaders::find); }

 private:
  static std::optional<std::string_view> find(const void* message, std::string_view name,
                                              std::size_t nth) {
    for (const auto& [key, value] : static_cast<const FakeHeaders*>(message)->lines_) {
      const bool same =
          key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0;
      if (same && nth-- == 0) return value;
    }
    return std::nullopt;
  }

  std::vector<std::pair<std::string, std::string>> lines_;
};

inline RequestView request_with(const FakeHeaders& headers) {
  RequestView view;
  view.host = "shop.example.com";
  view.path = "/";
  view.method = "GET";
  view.headers = headers.lookup();
  return view;
}

inline SocketAddress client_at(std::string_view ip) {
  return SocketAddress::parse(ip, 40'000).value();
}

}  // namespace ficus::proxy
