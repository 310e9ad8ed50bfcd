#include "control/cli/demo/admin_calls.h"

#include <chrono>
#include <utility>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace ficus::control::demo {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr auto kPatience = std::chrono::seconds(2);

asio::awaitable<void> exchange(std::uint16_t port, const http::request<http::string_body>& request,
                               AdminAnswer& answer) {
  beast::tcp_stream stream(co_await asio::this_coro::executor);
  constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
  stream.expires_after(kPatience);
  const asio::ip::tcp::endpoint admin(asio::ip::address_v4::loopback(), port);
  if (std::get<0>(co_await stream.async_connect(admin, kAwait))) co_return;
  if (std::get<0>(co_await http::async_write(stream, request, kAwait))) co_return;
  beast::flat_buffer buffer;
  http::response<http::string_body> response;
  if (std::get<0>(co_await http::async_read(stream, buffer, response, kAwait))) co_return;
  answer.status = static_cast<int>(response.result_int());
  answer.body = std::move(response.body());
}

}  // namespace

AdminAnswer AdminCalls::call(std::string_view method, const std::string& path,
                             std::string body) const {
  http::request<http::string_body> request(http::string_to_verb(method), path, 11);
  request.set(http::field::host, "127.0.0.1:" + std::to_string(port_));
  request.keep_alive(false);
  if (!body.empty()) {
    request.set(http::field::content_type, "application/json");
    request.body() = std::move(body);
    request.prepare_payload();
  }
  AdminAnswer answer;
  asio::io_context io(1);
  asio::co_spawn(io, exchange(port_, request, answer), asio::detached);
  io.run();
  return answer;
}

AdminAnswer AdminCalls::get(const std::string& path) const { return call("GET", path, ""); }

AdminAnswer AdminCalls::set_weight(const std::string& route, double percent) const {
  return call("PUT", "/api/v1/routes/" + route + "/weight",
              R"({"weight":)" + percent_text(percent) + R"(,"reason":"the demo's story"})");
}

AdminAnswer AdminCalls::rearm(const std::string& route) const {
  return call("POST", "/api/v1/routes/" + route + "/rearm",
              R"({"reason":"the new shop is repaired"})");
}

}  // namespace ficus::control::demo
