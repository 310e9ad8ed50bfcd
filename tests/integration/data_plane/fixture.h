#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/ficus_process.h"
#include "tests/support/raw_client.h"
#include "tests/support/scripted_backend.h"

// What the data plane's tests have in common: configurations, and messages whose bytes are known.
namespace ficus::tests {

// One worker, so that all requests share one pool, and one route to one backend.
std::string in_front_of(const ScriptedBackend& backend);

// Pieces of a configuration; each is empty unless a test needs it.
struct TwoSides {
  int weight = 100;
  std::string route{};        // further keys of the route: "writes: shared, sticky: {…}"
  std::string timeouts{};     // of both backends: "first_byte: 200ms"
  std::string guard = "off";  // most tests make one side fail on purpose
  std::string listener{};     // further keys of the listener
};

// One route over two backends, each with these endpoints.
std::string split(const std::vector<std::string>& legacy, const std::vector<std::string>& fresh,
                  const TwoSides& terms = {});

// Fields that make the head at the backend known byte for byte: else the proxy begins a trace
// and an id of its own.
inline constexpr std::string_view kIds =
    "X-Request-Id: r1\r\n"
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";
// What the proxy adds behind the client's own fields, for "Host: a" from 127.0.0.1.
inline constexpr std::string_view kForwarded =
    "X-Forwarded-For: 127.0.0.1\r\n"
    "X-Forwarded-Proto: http\r\n"
    "X-Forwarded-Host: a\r\n";

// "METHOD /PATH HTTP/1.1", Host: a, kIds, the given field lines and body.
std::string request(std::string_view method_and_target, std::string_view fields = {},
                    std::string_view body = {});
// The same message as the backend of an unchanged request sees it.
std::string forwarded(std::string_view method_and_target, std::string_view fields = {},
                      std::string_view body = {});

// "HTTP/1.1 200 OK" with a length.
std::string ok(std::string_view body, std::string_view fields = {});

std::string chunk(std::string_view payload);

// Nobody accepts on the port any more.
void wait_until_refused(std::uint16_t port);

// Text that is different everywhere, so that lost or swapped pieces show.
std::string numbered(std::size_t bytes);

}  // namespace ficus::tests
