#pragma once

#include <string_view>

namespace ficus::config {

// Does a block ("10.0.0.0/8", one address too) hold addresses that a balancer inside may have:
// private (RFC 1918, RFC 4193), loopback, link-local, shared (RFC 6598)? False for what is no
// block.
bool holds_private_addresses(std::string_view block);

// Is this the name of a cookie that a server gives to a session: JSESSIONID, PHPSESSID,
// connect.sid, ASP.NET_SessionId, laravel_session? Case does not matter.
bool is_session_cookie(std::string_view name);

}  // namespace ficus::config
