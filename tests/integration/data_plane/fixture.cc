#include "tests/integration/data_plane/fixture.h"

namespace ficus::tests {
namespace {

std::string endpoints(const std::vector<std::string>& urls, const std::string& timeouts) {
  std::string text = "{endpoints: [";
  for (const std::string& url : urls) text += (text.back() == '[' ? "\"" : ", \"") + url + "\"";
  return text + "]" + (timeouts.empty() ? "" : ", timeouts: {" + timeouts + "}") + "}\n";
}

}  // namespace

std::string in_front_of(const ScriptedBackend& backend) {
  return "workers: 1\nbackends:\n  only: {endpoints: [\"" + backend.url() +
         "\"]}\nroutes:\n  - {name: everything, match: {path_prefix: /}, legacy: only}\n";
}

std::string split(const std::vector<std::string>& legacy, const std::vector<std::string>& fresh,
                  const TwoSides& terms) {
  std::string text = "workers: 1\n";
  if (!terms.listener.empty()) {
    text += "listeners: [{address: \"127.0.0.1:0\", " + terms.listener + "}]\n";
  }
  text += "backends:\n  old: " + endpoints(legacy, terms.timeouts) +
          "  fresh: " + endpoints(fresh, terms.timeouts) +
          "routes:\n  - {name: shop, match: {path_prefix: /}, legacy: old, new: fresh, guard: " +
          terms.guard + ", weight: " + std::to_string(terms.weight);
  if (!terms.route.empty()) text += ", " + terms.route;
  return text + "}\n";
}

std::string request(std::string_view method_and_target, std::string_view fields,
                    std::string_view body) {
  std::string text(method_and_target);
  return text.append(" HTTP/1.1\r\nHost: a\r\n")
      .append(kIds)
      .append(fields)
      .append("\r\n")
      .append(body);
}

std::string forwarded(std::string_view method_and_target, std::string_view fields,
                      std::string_view body) {
  std::string text(method_and_target);
  return text.append(" HTTP/1.1\r\nHost: a\r\n")
      .append(kIds)
      .append(fields)
      .append(kForwarded)
      .append("\r\n")
      .append(body);
}

std::string ok(std::string_view body, std::string_view fields) {
  std::string text = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  return text.append(fields).append("\r\n").append(body);
}

std::string chunk(std::string_view payload) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string size;
  for (std::size_t left = payload.size(); left > 0; left /= 16) {
    size.insert(size.begin(), kDigits[left % 16]);
  }
  return size.append("\r\n").append(payload).append("\r\n");
}

void wait_until_refused(std::uint16_t port) {
  const bool refused = eventually([port] {
    try {
      connect_to_loopback(port);
      return false;
    } catch (const HarnessError&) {
      return true;
    }
  });
  if (!refused) throw HarnessError("still accepts on port " + std::to_string(port));
}

std::string numbered(std::size_t bytes) {
  std::string text;
  text.reserve(bytes + 16);
  for (std::size_t number = 0; text.size() < bytes; ++number) {
    text += std::to_string(number) + " ";
  }
  text.resize(bytes);
  return text;
}

}  // namespace ficus::tests
