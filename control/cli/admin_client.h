#pragma once

#include <optional>
#include <string>
#include <vector>

namespace ficus::control {

struct AdminCall {
  std::string method;  // "GET"
  std::string target;  // "/api/v1/routes", query included
  std::string body;    // JSON; empty: none
};

struct AdminAnswer {
  int status = 0;  // 0: nobody answered
  std::string body;
  std::string fault;  // why nobody answered
};

// "http://127.0.0.1:9901"
struct AdminUrl {
  std::string text;
  std::string host;
  std::string port;

  static std::optional<AdminUrl> parse(const std::string& text);
};

// One call over a connection of its own; blocks, at most 15 s.
AdminAnswer call(const AdminUrl& url, const AdminCall& request);

// "my route" as "my%20route": one segment of a path or one value of a query.
std::string percent_encoded(const std::string& text);

}  // namespace ficus::control
