#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ficus::control::demo {

struct AdminAnswer {
  int status = 0;  // 0: nobody answered
  std::string body;
};

// The admin API of a proxy on 127.0.0.1, called as any client calls it: over HTTP, one connection
// a call. Blocks the caller at most 2 s.
class AdminCalls {
 public:
  explicit AdminCalls(std::uint16_t port) : port_(port) {}

  std::uint16_t port() const { return port_; }
  AdminAnswer get(const std::string& path) const;
  AdminAnswer set_weight(const std::string& route, double percent) const;
  AdminAnswer rearm(const std::string& route) const;

 private:
  AdminAnswer call(std::string_view method, const std::string& path, std::string body) const;

  std::uint16_t port_;
};

// Sum of the samples of a Prometheus metric that carry all the given labels; nothing if there is
// no such sample. Pure.
std::optional<double> sample(std::string_view exposition, std::string_view name,
                             const std::map<std::string, std::string>& labels);

// The first text value of a member with this name anywhere in a JSON document; nothing without.
// Pure.
std::optional<std::string> text_member(std::string_view json, std::string_view name);

// 50 as "50", 0.5 as "0.5": the shortest form of a percentage with up to two decimals. Pure.
std::string percent_text(double percent);

}  // namespace ficus::control::demo
