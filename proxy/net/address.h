#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace ficus::proxy {

// An IPv4 or IPv6 address with a port, or the path of a Unix socket, as the kernel takes and gives
// it. A value; any thread.
// An IPv4 address mapped into IPv6 (::ffff:192.0.2.1, what a dual-stack socket accepts) is turned
// into the IPv4 address when it is made, so that one client has one text, one hash, one meaning.
class SocketAddress {
 public:
  SocketAddress() = default;  // no address: family() is AF_UNSPEC, text() is empty

  // What accept, getsockname, getpeername or getaddrinfo gave. A length that does not fit the
  // family gives an empty address; so does any family but AF_INET and AF_INET6.
  SocketAddress(const sockaddr* address, socklen_t length);

  // A literal, never a name: "192.0.2.1", "2001:db8::1", "[2001:db8::1]".
  static std::optional<SocketAddress> parse(std::string_view ip, std::uint16_t port);

  // A Unix socket in the file system; empty if the path does not fit (107 bytes). It has no IP:
  // ip_text() is empty, ip_bytes() are zero, port() is 0.
  static SocketAddress unix_path(std::string_view path);

  bool empty() const { return length_ == 0; }
  int family() const { return storage_.ss_family; }
  std::uint16_t port() const;

  // For bind and connect.
  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t length() const { return length_; }

  std::string text() const;     // "192.0.2.1:8080", "[2001:db8::1]:8080", "unix:/run/x.sock"
  std::string ip_text() const;  // "192.0.2.1", "2001:db8::1"

  // The IP in network order; IPv4 in its mapped form (RFC 4291 §2.5.5.2). All zero when empty.
  std::array<std::uint8_t, 16> ip_bytes() const;

  // Of the IP without the port. The same on every machine and in every build.
  std::uint64_t ip_hash() const;

  friend bool operator==(const SocketAddress& left, const SocketAddress& right);

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

}  // namespace ficus::proxy
