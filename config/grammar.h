#pragma once

#include <string>
#include <string_view>

#include "config/model.h"
#include "config/units.h"

// What single texts of the configuration may hold. Problems continue a sentence that begins with
// the text and never repeat it.
namespace ficus::config {

// RFC 9110 section 5.6.2: names of headers, methods and cookies.
bool is_token(std::string_view text);
std::string lower_case(std::string_view text);

struct SocketAddress {
  std::string host;  // literal address without brackets
  std::uint16_t port = 0;
  bool is_loopback = false;
};

// "0.0.0.0:8080", "[::]:8080"
Parsed<SocketAddress> parse_socket_address(std::string_view text);
// "http://10.0.0.5:9001", "https://shop.internal"; `at` is left empty.
Parsed<EndpointUrl> parse_endpoint(std::string_view text);
// The name of a TLS server: a host name in lower case, or an address without brackets.
Parsed<std::string> parse_server_name(std::string_view text);
// A route's, backend's or group's name.
Parsed<std::string> parse_name(std::string_view text);
// A host of a match, in lower case; "*.example.com" too.
Parsed<std::string> parse_host(std::string_view text);
// What a Host header may hold: "shop.internal", "10.0.0.9:8080".
Parsed<std::string> parse_host_and_port(std::string_view text);
// The path of a match or of a health check, as it is after normalisation.
Parsed<std::string> parse_path(std::string_view text);
Parsed<std::string> parse_path_prefix(std::string_view text);
Parsed<std::string> parse_check_path(std::string_view text);
Parsed<std::string> parse_method(std::string_view text);
Parsed<std::string> parse_header_name(std::string_view text);
Parsed<std::string> parse_header_value(std::string_view text);
// A value that is written, not compared: a ~ in front is nothing special.
Parsed<std::string> parse_written_value(std::string_view text);
// "Name: value"
Parsed<HeaderCondition> parse_header_line(std::string_view text);
// What names a build: "4f1c", "2026.11.3+g4f1c"
Parsed<std::string> parse_build(std::string_view text);
// "10.0.0.0/8", "2001:db8::/32", "192.0.2.1"
Parsed<std::string> parse_cidr(std::string_view text);
// "header:X-Account", "client_ip"
Parsed<StickySource> parse_sticky_source(std::string_view text);
// "404", "500-599"
Parsed<StatusRange> parse_status_range(std::string_view text);

}  // namespace ficus::config
